use super::NodeIx;
use std::collections::HashMap;
use weir_base::Text;
use weir_ir::{Graph, Input, Join, OUT, OnError};

#[derive(Debug)]
pub(crate) struct GraphPlan {
    pub steps: Box<[GraphStep]>,
    pub edges: Box<[GraphEdge]>,
    /// Steps without a predecessor, in file order.
    pub starts: Box<[u32]>,
    /// Steps without a successor, in file order: the region's output comes from them.
    pub ends: Box<[u32]>,
    pub by_id: HashMap<Text, u32>,
    /// Bare where the ends exclude each other or there is one; by node otherwise.
    pub output: Input,
}

#[derive(Debug)]
pub(crate) struct GraphStep {
    pub node: NodeIx,
    pub id: Text,
    pub join: Join,
    pub cancel_rest: bool,
    pub on_error: OnError,
    pub input: Input,
    /// Edges in, in file order.
    pub incoming: Box<[u32]>,
    /// Edges out, in file order.
    pub outgoing: Box<[u32]>,
    /// Handles that end the region, with the region's own handle.
    pub exits: Box<[(Text, Text)]>,
}

#[derive(Debug)]
pub(crate) struct GraphEdge {
    pub from: u32,
    pub to: u32,
    pub handle: Text,
    /// The key of the value in an input by node.
    pub key: Text,
}

impl GraphPlan {
    /// Edges that name no known node were reported by the checks and are left out.
    pub fn new(graph: &Graph, nodes: &[NodeIx]) -> Self {
        let by_id: HashMap<Text, u32> =
            graph.nodes.iter().enumerate().map(|(at, step)| (step.node.id.clone(), at as u32)).collect();
        let edges: Box<[GraphEdge]> = graph.edges.iter().filter_map(|edge| plan_edge(edge, &by_id)).collect();
        let mut steps: Vec<GraphStep> =
            graph.nodes.iter().zip(nodes).map(|(step, node)| plan_step(step, *node)).collect();
        attach(&mut steps, &edges);
        for exit in &graph.exits {
            if let Some(from) = by_id.get(&exit.from) {
                let step = &mut steps[*from as usize];
                let exits = std::mem::take(&mut step.exits).into_vec();
                step.exits = exits.into_iter().chain([(exit.handle.clone(), exit.name.clone())]).collect();
            }
        }
        let select = |keep: &dyn Fn(&GraphStep) -> bool| -> Box<[u32]> {
            steps.iter().enumerate().filter(|(_, step)| keep(step)).map(|(at, _)| at as u32).collect()
        };
        let starts = select(&|step| step.incoming.is_empty());
        let ends = select(&|step| step.outgoing.is_empty());
        let output = match (&graph.output, ends.len()) {
            (Input::Region, 0..=1) => Input::Bare,
            (Input::Region, _) => Input::ByNode,
            (chosen, _) => chosen.clone(),
        };
        Self { steps: steps.into(), edges, starts, ends, by_id, output }
    }
}

fn plan_edge(edge: &weir_ir::Edge, by_id: &HashMap<Text, u32>) -> Option<GraphEdge> {
    let (from, to) = (*by_id.get(&edge.from)?, *by_id.get(&edge.to)?);
    let handle = if edge.handle.is_empty() { OUT.into() } else { edge.handle.clone() };
    let key = edge.alias.clone().unwrap_or_else(|| edge.from.clone());
    Some(GraphEdge { from, to, handle, key })
}

fn plan_step(step: &weir_ir::GraphNode, node: NodeIx) -> GraphStep {
    GraphStep {
        node,
        id: step.node.id.clone(),
        join: step.join,
        cancel_rest: step.cancel_rest,
        on_error: step.on_error,
        input: step.input.clone(),
        incoming: Box::default(),
        outgoing: Box::default(),
        exits: Box::default(),
    }
}

fn attach(steps: &mut [GraphStep], edges: &[GraphEdge]) {
    let mut incoming: Vec<Vec<u32>> = vec![Vec::new(); steps.len()];
    let mut outgoing: Vec<Vec<u32>> = vec![Vec::new(); steps.len()];
    for (at, edge) in edges.iter().enumerate() {
        outgoing[edge.from as usize].push(at as u32);
        incoming[edge.to as usize].push(at as u32);
    }
    for ((step, incoming), outgoing) in steps.iter_mut().zip(incoming).zip(outgoing) {
        step.incoming = incoming.into();
        step.outgoing = outgoing.into();
    }
}
