use super::process;
use weir_base::Value;

/// One figure and what it should be.
pub struct Row {
    pub work: &'static str,
    pub figure: String,
    pub target: Target,
    /// What the target becomes on this machine; 1 where it does not depend on the disk.
    scale: f64,
    pub measured: f64,
    pub unit: &'static str,
    pub load: f64,
    /// Figures beside the one that counts.
    more: Vec<(&'static str, Value)>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Target {
    AtMost(f64),
    AtLeast(f64),
    /// Told beside the others.
    Told,
}

impl Row {
    pub fn new(
        work: &'static str,
        figure: impl Into<String>,
        target: Target,
        measured: f64,
        unit: &'static str,
    ) -> Self {
        let figure = figure.into();
        Self { work, figure, target, scale: 1.0, measured, unit, load: process::load(), more: Vec::new() }
    }

    pub fn scaled(self, scale: f64) -> Self {
        Self { scale, ..self }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.more.push((name, value.into()));
        self
    }

    pub fn scaled_target(&self) -> Target {
        match self.target {
            Target::AtMost(most) => Target::AtMost(most * self.scale),
            Target::AtLeast(least) => Target::AtLeast(least * self.scale),
            Target::Told => Target::Told,
        }
    }

    pub fn holds(&self) -> bool {
        match self.scaled_target() {
            Target::AtMost(most) => self.measured <= most,
            Target::AtLeast(least) => self.measured >= least,
            Target::Told => true,
        }
    }

    pub fn to_value(&self) -> Value {
        let fixed = [
            ("work", self.work.into()),
            ("figure", self.figure.as_str().into()),
            ("unit", self.unit.into()),
            ("target", self.target.to_value()),
            ("scaledTarget", self.scaled_target().to_value()),
            ("measured", self.measured.into()),
            ("holds", self.holds().into()),
            ("load1", self.load.into()),
        ];
        let more = Value::object(self.more.iter().map(|(name, value)| (*name, value.clone())));
        Value::object(fixed.into_iter().chain([("more", more)]))
    }
}

impl Target {
    fn to_value(self) -> Value {
        match self {
            Target::AtMost(most) => Value::object([("atMost", most.into())]),
            Target::AtLeast(least) => Value::object([("atLeast", least.into())]),
            Target::Told => Value::Null,
        }
    }
}
