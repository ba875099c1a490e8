use super::{Call, Writer};
use std::fmt::Write as _;
use weir_ir::{Case, Exit};

impl Writer<'_> {
    pub(super) fn branch(&mut self, cases: &[Case], otherwise: Option<&Exit>, path: &str) -> Call {
        let mut out = format!("{}(at, [", self.uses("branch"));
        for case in cases {
            let when = self.condition(&case.when, path)?;
            let _ = write!(out, " {{ when: {when}, then: {} }},", self.exit(&case.then, path));
        }
        out.push(']');
        if let Some(last) = otherwise {
            let _ = write!(out, ", {}", self.exit(last, path));
        }
        Ok(out + ")")
    }

    /// A way out: its steps, and the handle it leaves by.
    pub(super) fn exit(&mut self, exit: &Exit, path: &str) -> String {
        let body = exit.body.as_ref().map(|body| format!("body: {}", self.node(body, path)));
        let handle = exit.handle.as_ref().map(|handle| format!("handle: {}", self.text(handle)));
        let members: Vec<String> = body.into_iter().chain(handle).collect();
        if members.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", members.join(", ")) }
    }
}
