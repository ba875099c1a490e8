use super::*;
use crate::arena::Ix;
use crate::frame::{Frame, Outcome};
use crate::plan::Plan;
use crate::{Trace, TraceBody};
use weir_base::{Text, Value};

/// Telling a watcher.
impl Core {
    pub fn traces(&self) -> bool {
        self.trace.is_some()
    }

    pub fn tell(&mut self, path: Text, body: TraceBody) {
        let at = self.now;
        if let Some(trace) = &mut self.trace {
            trace.push(Trace { at, path, body });
        }
    }

    pub fn warn(&mut self, path: Text, message: Text) {
        self.tell(path, TraceBody::Warning { message });
    }

    pub fn trace_entered(&mut self, plan: &Plan, ix: Ix) {
        if self.trace.is_none() {
            return;
        }
        let frame = &self.frames[ix];
        let (node, path) = (plan.node(frame.node), frame.path.clone());
        self.tell(path, entered(node));
    }

    pub fn trace_settled(&mut self, plan: &Plan, frame: &Frame, outcome: &Outcome) {
        if self.trace.is_some() {
            let _ = plan;
            self.tell(frame.path.clone(), settled(outcome));
        }
    }

    pub fn trace_variable(&mut self, name: &Text, value: &Value) {
        if self.trace.is_some() {
            self.tell(Text::default(), TraceBody::VariableSet { name: name.clone(), value: value.clone() });
        }
    }
}

pub(crate) fn entered(node: &crate::plan::PlanNode) -> TraceBody {
    let title = node.title.clone().unwrap_or_else(|| node.id.clone());
    TraceBody::Entered { kind: node.kind_name().into(), title, phase: node.phase.clone(), region: node.is_region() }
}

pub(crate) fn settled(outcome: &Outcome) -> TraceBody {
    use crate::StepStatus;
    let (status, output, error, handle) = match outcome {
        Outcome::Success { output, handle } => (StepStatus::Succeeded, output.clone(), None, handle.clone()),
        Outcome::Failure(error) => (StepStatus::Failed, Value::Null, Some((**error).clone()), None),
        Outcome::Cancelled => (StepStatus::Cancelled, Value::Null, None, None),
    };
    TraceBody::Settled { status, output, error, handle, attempts: 1 }
}
