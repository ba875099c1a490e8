use super::{Call, Writer};
use weir_base::Text;
use weir_ir::{Edge, Graph, GraphNode, Input, Join, OUT, OnError};

impl Writer<'_> {
    /// The steps of a graph and the edges between them.
    pub(super) fn graph(&mut self, graph: &Graph, path: &str) -> Call {
        let mut steps = String::new();
        for node in &graph.nodes {
            steps.push_str(&self.graph_step(graph, node, path)?);
        }
        let known = |id: &Text| graph.nodes.iter().any(|step| step.node.id == *id);
        let drawn = graph.edges.iter().filter(|edge| known(&edge.from) && known(&edge.to));
        let edges: String = drawn.map(|edge| self.edge(edge)).collect();
        let output = self.graph_input(&graph.output)?;
        Ok(format!("{}(at, [{steps}], [{edges}], {output})", self.uses("graph")))
    }

    fn graph_step(&mut self, graph: &Graph, step: &GraphNode, path: &str) -> Call {
        let (id, body) = (self.text(&step.node.id), self.node(&step.node, path));
        let (kind, input) = (self.text(self.kind_of(&body)), self.graph_input(&step.input)?);
        let mut members = vec![format!("id: {id}, kind: {kind}, body: {body}, input: {input}")];
        let flags = [
            ("any", step.join == Join::Any),
            ("cancelRest", step.cancel_rest),
            ("goesOn", step.on_error == OnError::Continue),
        ];
        members.extend(flags.iter().filter(|(_, set)| *set).map(|(name, _)| format!("{name}: true")));
        members.extend(self.graph_exits(graph, &step.node.id));
        Ok(format!(" {{ {} }},", members.join(", ")))
    }

    /// The handles by which leaving a step leaves the region.
    fn graph_exits(&self, graph: &Graph, id: &Text) -> Option<String> {
        let own = graph.exits.iter().filter(|exit| exit.from == *id);
        let pairs: Vec<String> =
            own.map(|exit| format!("[{}, {}]", self.text(&exit.handle), self.text(&exit.name))).collect();
        (!pairs.is_empty()).then(|| format!("exits: [{}]", pairs.join(", ")))
    }

    fn graph_input(&self, input: &Input) -> Call {
        match input {
            Input::Region => Ok("'region'".to_owned()),
            Input::Bare => Ok("'bare'".to_owned()),
            Input::ByNode => Ok("'byNode'".to_owned()),
            Input::Map(template) => self.template(template),
        }
    }

    fn edge(&self, edge: &Edge) -> String {
        let mut members = vec![format!("from: {}, to: {}", self.text(&edge.from), self.text(&edge.to))];
        if !edge.handle.is_empty() && &*edge.handle != OUT {
            members.push(format!("handle: {}", self.text(&edge.handle)));
        }
        members.extend(edge.alias.iter().map(|alias| format!("as: {}", self.text(alias))));
        format!(" {{ {} }},", members.join(", "))
    }
}
