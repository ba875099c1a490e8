use weir_control::DemoFlow;

/// One flow of each dialect.
pub const FLOWS: [DemoFlow; 3] = [
    DemoFlow {
        service: "default",
        name: "welcome",
        title: "Welcome (a tree)",
        file: ("welcome.yaml", include_str!("../../demo/welcome.yaml")),
    },
    DemoFlow {
        service: "default",
        name: "help-desk",
        title: "Help desk (agents)",
        file: ("help-desk.yaml", include_str!("../../demo/help-desk.yaml")),
    },
    DemoFlow {
        service: "default",
        name: "quote",
        title: "Quote (a graph)",
        file: ("quote.json", include_str!("../../demo/quote.json")),
    },
];
