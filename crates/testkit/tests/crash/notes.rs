use std::collections::{BTreeMap, BTreeSet};
use weir_kind::Effect;

/// One call of a kind, as the world outside saw it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// `run/path`.
    pub key: String,
    pub attempt: u32,
    pub effect: Effect,
    pub mark: Mark,
}

/// What is special about a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    #[default]
    None,
    /// A deadline may end it before it is ever called.
    Deadline,
    /// Counts as failed where a crash left its outcome unknown.
    FailsUnknown,
}

/// What a witness has seen.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// The calls of each life, from the one start of the program to the next.
    pub lives: Vec<Vec<Call>>,
    /// What the program has said is safe, such as `start r1` or `signal r1 s1`, and in which life it first did.
    pub acknowledged: BTreeMap<String, usize>,
}

impl Notes {
    pub fn begin_life(&mut self) {
        self.lives.push(Vec::new());
    }

    pub fn call(&mut self, call: Call) {
        if self.lives.is_empty() {
            self.begin_life();
        }
        self.lives.last_mut().unwrap().push(call);
    }

    pub fn acknowledge(&mut self, what: &str) {
        let life = self.lives.len().saturating_sub(1);
        self.acknowledged.entry(what.to_owned()).or_insert(life);
    }

    pub fn known(&self) -> BTreeSet<String> {
        self.acknowledged.keys().cloned().collect()
    }

    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.lives.iter().flatten()
    }
}

const SEPARATOR: char = '\t';

impl Call {
    pub fn to_line(&self) -> String {
        let effect = match self.effect {
            Effect::Pure => "pure",
            Effect::NonIdempotent => "non_idempotent",
            _ => "idempotent",
        };
        let mark = self.mark.as_str();
        [self.attempt.to_string().as_str(), effect, mark, &self.key].join(&SEPARATOR.to_string())
    }

    pub fn from_line(line: &str) -> Option<Self> {
        let mut parts = line.splitn(4, SEPARATOR);
        let attempt = parts.next()?.parse().ok()?;
        let effect = match parts.next()? {
            "pure" => Effect::Pure,
            "non_idempotent" => Effect::NonIdempotent,
            _ => Effect::Idempotent,
        };
        let mark = Mark::from(parts.next()?);
        Some(Self { key: parts.next()?.to_owned(), attempt, effect, mark })
    }
}

impl Mark {
    pub fn as_str(self) -> &'static str {
        match self {
            Mark::None => "",
            Mark::Deadline => "deadline",
            Mark::FailsUnknown => "fails_unknown",
        }
    }
}

impl From<&str> for Mark {
    fn from(word: &str) -> Self {
        match word {
            "deadline" => Mark::Deadline,
            "fails_unknown" => Mark::FailsUnknown,
            _ => Mark::None,
        }
    }
}
