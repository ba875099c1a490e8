use super::{Call, Writer};
use std::fmt::Write as _;
use weir_expr::Template;
use weir_ir::{Fail, SetOp, VarScope, Write};

impl Writer<'_> {
    pub(super) fn set(&mut self, writes: &[Write]) -> Call {
        let mut out = format!("{}(at, [", self.uses("set"));
        for write in writes {
            let _ = write!(out, " {},", self.write(write)?);
        }
        Ok(out + "])")
    }

    fn write(&self, write: &Write) -> Call {
        let op = operation(write.op);
        let value = self.template(&write.value)?;
        let Some(target) = &write.target else { return Ok(format!("{{ op: '{op}', value: {value} }}")) };
        if target.scope != VarScope::Run {
            return Err("a variable of a service or project");
        }
        Ok(format!("{{ name: {}, op: '{op}', value: {value} }}", self.template(&target.name)?))
    }

    pub(super) fn returns(&mut self, value: &Template) -> Call {
        let value = self.template(value)?;
        Ok(format!("{}(at, {value})", self.uses("returns")))
    }

    pub(super) fn fail(&mut self, fail: &Fail) -> Call {
        let message = self.template(&fail.message)?;
        Ok(format!("{}(at, {}, {message})", self.uses("fails"), self.text(&fail.code)))
    }
}

fn operation(op: SetOp) -> &'static str {
    match op {
        SetOp::Set => "set",
        SetOp::Append => "append",
        SetOp::Increment => "increment",
        SetOp::Decrement => "decrement",
        SetOp::Get => "get",
        SetOp::Check => "check",
        SetOp::Script => "script",
    }
}
