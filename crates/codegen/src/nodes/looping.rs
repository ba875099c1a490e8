use super::{Call, Writer};
use std::fmt::Write as _;
use weir_ir::{Loop, LoopMode, NodeKind, OnLimit};

impl Writer<'_> {
    pub(super) fn looped(&mut self, looped: &Loop, path: &str) -> Call {
        let mut out = format!("{}(at, {{", self.uses("loop"));
        match &looped.mode {
            LoopMode::Forever => {}
            LoopMode::While(condition) => {
                let holds = self.condition(condition, path)?;
                let _ = write!(out, " holds: {holds},");
            }
            LoopMode::Repeat(count) => {
                let count = self.measure("countOf", count)?;
                let _ = write!(out, " count: {count},");
            }
            LoopMode::ForEach { items, item_var, index_var, concurrency } => {
                let items = self.template(items)?;
                let _ = write!(out, " items: {items},");
                for (member, name) in [("itemVar", item_var), ("indexVar", index_var)] {
                    let _ = name.iter().try_for_each(|name| write!(out, " {member}: {},", self.text(name)));
                }
                if *concurrency != 1 {
                    let _ = write!(out, " concurrency: {concurrency},");
                }
            }
        }
        out.push_str(&self.bounds(looped)?);
        let body = self.node(&looped.body, path);
        Ok(format!("{out} }}, {body})"))
    }

    fn bounds(&mut self, looped: &Loop) -> Call {
        let mut out = String::new();
        if let Some(max) = &looped.max {
            let _ = write!(out, " max: {},", self.measure("countOf", max)?);
        }
        if looped.on_limit == OnLimit::Done {
            out.push_str(" limitIsDone: true,");
        }
        if let Some(period) = looped.continue_as_new {
            let _ = write!(out, " continueAsNew: {period},");
        }
        if looped.collect {
            out.push_str(" collect: true,");
        }
        if let NodeKind::Graph(graph) = &looped.body.kind
            && !graph.exits.is_empty()
        {
            let exits: Vec<String> = graph.exits.iter().map(|exit| self.text(&exit.name)).collect();
            let _ = write!(out, " exits: [{}],", exits.join(", "));
        }
        Ok(out)
    }
}
