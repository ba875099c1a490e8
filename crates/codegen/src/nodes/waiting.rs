use super::{Call, Writer};
use weir_expr::Template;
use weir_ir::Wait;

impl Writer<'_> {
    pub(super) fn wait(&mut self, wait: &Wait) -> Call {
        match wait {
            Wait::Timer { after } => self.waits("timer", "durationOf", after),
            Wait::Until { at } => self.waits("until", "timeOf", at),
            Wait::Yield { turns } => self.waits("turns", "countOf", turns),
            Wait::Signal { name, timeout, routes } => {
                let deadline = self.deadline(timeout.as_ref(), *routes)?;
                Ok(format!("{}(at, {}, {deadline})", self.uses("signal"), self.text(name)))
            }
            Wait::Approval { timeout, routes, .. } => {
                let deadline = self.deadline(timeout.as_ref(), *routes)?;
                Ok(format!("{}(at, {deadline})", self.uses("approval")))
            }
            Wait::Forever => Ok(format!("{}(at)", self.uses("forever"))),
        }
    }

    fn waits(&mut self, name: &'static str, measure: &'static str, template: &Template) -> Call {
        let measured = self.measure(measure, template)?;
        Ok(format!("{}(at, {measured})", self.uses(name)))
    }

    fn deadline(&mut self, timeout: Option<&Template>, routes: bool) -> Call {
        let timeout = timeout.map(|template| self.measure("durationOf", template)).transpose()?;
        let timeout = timeout.map(|timeout| format!("timeout: {timeout}"));
        let routes = routes.then(|| "routes: true".to_owned());
        let members: Vec<String> = timeout.into_iter().chain(routes).collect();
        Ok(if members.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", members.join(", ")) })
    }
}
