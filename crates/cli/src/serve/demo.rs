use weir_control::DemoFlow;

/// One flow of each dialect.
pub const FLOWS: [DemoFlow; 3] = [
    DemoFlow {
        name: "welcome",
        title: "Welcome (a tree)",
        file: ("welcome.yaml", include_str!("../../demo/welcome.yaml")),
    },
    DemoFlow {
        name: "help-desk",
        title: "Help desk (agents)",
        file: ("help-desk.yaml", include_str!("../../demo/help-desk.yaml")),
    },
    DemoFlow { name: "quote", title: "Quote (a graph)", file: ("quote.json", include_str!("../../demo/quote.json")) },
];
