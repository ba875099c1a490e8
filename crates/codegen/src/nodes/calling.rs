use super::{Call as Written, Writer};
use std::fmt::Write as _;
use weir_ir::Call;

impl Writer<'_> {
    pub(super) fn call_flow(&mut self, call: &Call) -> Written {
        if call.version.is_some() {
            return Err("a call of a certain version of a flow");
        }
        let called = match call.flow.constant() {
            Some(value) => value.as_str().map(|name| vec![name.to_owned()]).unwrap_or_default(),
            None => self.called.keys().map(|name| name.to_string()).collect(),
        };
        if called.is_empty() || called.iter().any(|name| !self.called.contains_key(name.as_str())) {
            return Err("a call of a flow that is not at hand");
        }
        let pair = |name: &String| format!("[{}, {}]", self.text(name), self.text(&self.called[name.as_str()]));
        let flows: Vec<String> = called.iter().map(pair).collect();
        let mut out = format!("{{ flow: {}, flows: [{}]", self.template(&call.flow)?, flows.join(", "));
        if call.detached {
            out.push_str(", detached: true");
        }
        if !call.assign.is_empty() {
            let _ = write!(out, ", assign: {}", self.assigns(&call.assign)?);
        }
        let input = self.template(&call.input)?;
        Ok(format!("{}(at, {out} }}, {input})", self.uses("callFlow")))
    }
}
