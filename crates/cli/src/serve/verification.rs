use weir_control::DemoFlow;

/// The flows with which an installation is verified, in two services: from the simplest there can be to one that goes on
/// for ever.
pub const FLOWS: [DemoFlow; 4] = [
    DemoFlow {
        service: "simple-workflows",
        name: "simple-workflow",
        title: "SimpleWorkflow",
        file: ("flow.json", include_str!("../../../../examples/simple-workflow/flow.json")),
    },
    DemoFlow {
        service: "simple-workflows",
        name: "base-workflow",
        title: "BaseWorkflow",
        file: ("flow.json", include_str!("../../../../examples/base-workflow/flow.json")),
    },
    DemoFlow {
        service: "long-running-workflows",
        name: "long-running-workflow",
        title: "LongRunningWorkflow",
        file: ("flow.json", include_str!("../../../../examples/long-running-workflow/flow.json")),
    },
    DemoFlow {
        service: "long-running-workflows",
        name: "base-long-running-workflow",
        title: "BaseLongRunningWorkflow",
        file: ("flow.json", include_str!("../../demo/verification/base-long-running-workflow.json")),
    },
];
