//! Flows made from a seed. What a run comes to never depends on the order in which things happen at the same time.
//!
//! Ids tell the judge what follows on what: a letter, a number, and `x` where iterations overlap. Siblings `q` and `d`
//! come one after the other by number, `p` at the same time; nothing waits for the run that a `d` has started.

use crate::random::Random;

/// Flows and what is to be known of them.
pub struct Maker<'a> {
    random: &'a mut Random,
    is_virtual: bool,
    /// Sub-flows so far: name and root.
    pub flows: Vec<(String, String)>,
    /// Names of project variables that are counted up.
    pub counters: Vec<String>,
    /// Names of signals the flow at hand waits for.
    pub signals: Vec<String>,
    variables: u32,
    prefix: String,
}

/// Where a node stands.
#[derive(Clone, Copy)]
struct Site {
    depth: u32,
    /// In the flow that was asked for, not in one it calls.
    is_top: bool,
    /// May be entered again, so that nothing may be awaited that comes once.
    is_repeated: bool,
    /// Iterations overlap.
    is_racy: bool,
}

impl Site {
    fn down(self) -> Self {
        Self { depth: self.depth.saturating_sub(1), ..self }
    }
}

/// A flow as it was made.
pub struct Made {
    pub root: String,
    pub signals: Vec<String>,
    /// Paths of calls whose runs go on by themselves.
    pub detached: Vec<String>,
    /// Waits at the end for what never comes.
    pub waits_for_cancel: bool,
}

impl<'a> Maker<'a> {
    pub fn new(random: &'a mut Random, is_virtual: bool) -> Self {
        let (flows, counters, signals) = (Vec::new(), vec!["total".to_owned()], Vec::new());
        Self { random, is_virtual, flows, counters, signals, variables: 0, prefix: String::new() }
    }

    /// The flow of one run.
    pub fn top(&mut self, run: &str) -> Made {
        (self.prefix, self.signals) = (run.to_owned(), Vec::new());
        let site = Site { depth: 2, is_top: true, is_repeated: false, is_racy: false };
        let (mut children, mut detached) = (Vec::new(), Vec::new());
        for number in 0..2 + self.random.below(4) {
            match self.random.below(8) {
                0 => {
                    let id = format!("d{number}");
                    detached.push(format!("m/{id}"));
                    children.push(self.detached(&id));
                }
                1 => children.push(self.long_loop(&format!("q{number}"), site)),
                _ => children.push(self.node(&format!("q{number}"), site)),
            }
        }
        let waits_for_cancel = self.random.one_in(5);
        if waits_for_cancel {
            children.push(self.waiting_for_cancel(&format!("q{}", children.len()), site));
        }
        children.push(self.assigning(&format!("q{}", children.len()), "call", ""));
        let root = sequence("m", &children);
        Made { root, signals: std::mem::take(&mut self.signals), detached, waits_for_cancel }
    }

    fn waiting_for_cancel(&mut self, id: &str, site: Site) -> String {
        let body = r#"{"id":"q0","wait":{"signal":{"name":"stop"}}}"#;
        let finally = self.leaf("q2", Site { is_repeated: true, ..site });
        format!(r#"{{"id":"{id}","try":{{"body":{body},"finally":{finally}}}}}"#)
    }

    fn node(&mut self, id: &str, site: Site) -> String {
        if site.depth == 0 {
            return self.leaf(id, site);
        }
        let inner = site.down();
        match self.random.below(14) {
            0 | 1 => {
                let children = self.several('q', inner);
                sequence(id, &children)
            }
            2..=4 => {
                let children = self.several('p', inner);
                let limit = if self.random.one_in(3) { r#","limit":2"# } else { "" };
                format!(r#"{{"id":"{id}","parallel":{{"children":[{}]{limit}}}}}"#, children.join(","))
            }
            5 => self.repeat(id, inner, ""),
            6 => self.for_each(id, inner),
            7 => self.attempt(id, inner),
            8 => self.awaited(id, inner),
            9 => self.retried(id, inner),
            _ => self.leaf(id, site),
        }
    }

    fn several(&mut self, letter: char, site: Site) -> Vec<String> {
        (0..2 + self.random.below(3)).map(|number| self.node(&format!("{letter}{number}"), site)).collect()
    }

    /// Hands over to a new link of the journal now and then.
    fn long_loop(&mut self, id: &str, site: Site) -> String {
        let every = 1 + self.random.below(2);
        self.repeat(id, site.down(), &format!(r#","continueAsNew":{every}"#))
    }

    fn repeat(&mut self, id: &str, site: Site, members: &str) -> String {
        let body = self.node("q0", Site { is_repeated: true, ..site });
        let times = 2 + self.random.below(3);
        format!(r#"{{"id":"{id}","loop":{{"mode":{{"repeat":{times}}}{members},"body":{body}}}}}"#)
    }

    fn for_each(&mut self, id: &str, site: Site) -> String {
        let body = self.node("q0", Site { is_repeated: true, is_racy: true, ..site });
        format!(r#"{{"id":"{id}x","loop":{{"mode":{{"forEach":{{"items":[1,2,3],"concurrency":2}}}},"body":{body}}}}}"#)
    }

    /// A body that fails, what catches it, and what comes in every case.
    fn attempt(&mut self, id: &str, site: Site) -> String {
        let first = self.leaf("q0", site);
        let body = match self.random.one_in(2) {
            true => sequence("q0", &[first, r#"{"id":"q1","fail":{"code":"NO","message":"no"}}"#.into()]),
            false => sequence("q0", &[first, task("q1", "call", r#""do":"fail""#, "")]),
        };
        let (catch, finally) = (self.leaf("q1", site), self.leaf("q2", site));
        format!(r#"{{"id":"{id}","try":{{"body":{body},"catch":{catch},"finally":{finally}}}}}"#)
    }

    /// A block whose first attempt fails.
    fn retried(&mut self, id: &str, site: Site) -> String {
        if site.is_racy || site.is_repeated {
            return self.leaf(id, site);
        }
        let leaf = self.leaf("q0", Site { is_repeated: true, ..site });
        let name = self.variable();
        let count = set("q1", &name, "increment", "1");
        let broken = task("q0", "call", r#""do":"fail""#, "");
        let case = format!(r#"{{"when":{{"expr":"vars.{name} < 2"}},"then":{{"body":{broken}}}}}"#);
        let check = format!(r#"{{"id":"q2","branch":{{"cases":[{case}]}}}}"#);
        let body = sequence("q0", &[leaf, count, check]);
        let policy = policy(self.is_virtual, 3);
        format!(r#"{{"id":"{id}","decorate":{{"with":{{"retry":{{"policy":{policy}}}}},"body":{body}}}}}"#)
    }

    fn sub_flow(&mut self) -> String {
        let site = Site { depth: 1, is_top: false, is_repeated: true, is_racy: true };
        let mut children: Vec<String> =
            (0..1 + self.random.below(2)).map(|number| self.node(&format!("q{number}"), site)).collect();
        children.push(task(&format!("q{}", children.len()), "call", r#""value":"child""#, ""));
        let name = format!("sub{}", self.flows.len());
        self.flows.push((name.clone(), sequence("m", &children)));
        name
    }

    fn awaited(&mut self, id: &str, site: Site) -> String {
        if !site.is_top {
            return self.leaf(id, site);
        }
        let (flow, variable) = (self.sub_flow(), self.variable());
        let assign = format!(r#""assign":[{{"var":"{variable}","value":"output"}}]"#);
        format!(r#"{{"id":"{id}","call":{{"flow":"{flow}","input":{{}},{assign}}}}}"#)
    }

    fn detached(&mut self, id: &str) -> String {
        let flow = self.sub_flow();
        format!(r#"{{"id":"{id}","call":{{"flow":"{flow}","input":{{}},"detached":true}}}}"#)
    }

    fn leaf(&mut self, id: &str, site: Site) -> String {
        match self.random.below(20) {
            0..=2 => self.assigning(id, "call", ""),
            3 => self.assigning(id, "call", r#""do":"at_once","#),
            4 => self.assigning(id, "pure", ""),
            5 => self.assigning(id, "pure", r#""do":"at_once","#),
            6 => self.charge(id, "retry"),
            7 if site.is_top => self.charge(id, "ask"),
            8 => self.charge_or_not(id),
            9 | 10 => self.flaky(id, "call"),
            11 => self.flaky(id, "charge"),
            12 | 13 => task(id, "call", r#""do":"increment","name":"total""#, ""),
            14 if site.is_top && !site.is_racy => self.count_and_read(id),
            15 | 16 => self.timer(id),
            17 if !site.is_repeated => self.signal(id),
            18 if !self.is_virtual => self.deadline(id),
            _ => set(id, &self.variable(), "increment", "2"),
        }
    }

    /// A task whose result goes into a variable.
    fn assigning(&mut self, id: &str, kind: &str, more: &str) -> String {
        let (name, value) = (self.variable(), self.random.below(1_000));
        let assign = format!(r#","assign":[{{"var":"{name}","value":"output"}}]"#);
        task(id, kind, &format!(r#"{more}"value":{value}"#), &assign)
    }

    fn charge(&mut self, id: &str, policy: &str) -> String {
        task(id, "charge", r#""value":1"#, &format!(r#","onUnknown":"{policy}""#))
    }

    /// Where the outcome is unknown the step has failed, and the run goes on without it.
    fn charge_or_not(&mut self, id: &str) -> String {
        let charge = task("q0", "charge", r#""value":1,"mark":"fails_unknown""#, r#","onUnknown":"fail""#);
        let instead = r#"{"id":"q1","set":{"writes":[{"op":"set","value":1}]}}"#;
        format!(r#"{{"id":"{id}","select":{{"children":[{charge},{instead}]}}}}"#)
    }

    fn flaky(&mut self, id: &str, kind: &str) -> String {
        let times = 1 + self.random.below(2);
        let retry = format!(r#","onUnknown":"retry","retry":{}"#, policy(self.is_virtual, 100));
        task(id, kind, &format!(r#""do":"flaky","times":{times}"#), &retry)
    }

    /// Counts a variable of its own up and reads what it is then.
    fn count_and_read(&mut self, id: &str) -> String {
        let number = self.variable();
        let counter = format!("own_{}_{number}", self.prefix);
        let count = task("q0", "call", &format!(r#""do":"increment","name":"{counter}""#), "");
        let name = self.variable();
        let assign = format!(r#","assign":[{{"var":"{name}","value":"output"}}]"#);
        let read = task("q1", "call", &format!(r#""value":"{{{{ project.{counter} }}}}""#), &assign);
        self.counters.push(counter);
        sequence(id, &[count, read])
    }

    fn timer(&mut self, id: &str) -> String {
        let after = ["0ms", "1ms", "3ms", "2h"][self.random.below(if self.is_virtual { 4 } else { 3 })];
        format!(r#"{{"id":"{id}","wait":{{"timer":{{"after":"{after}"}}}}}}"#)
    }

    fn signal(&mut self, id: &str) -> String {
        let name = format!("s{}", self.signals.len());
        let text = format!(r#"{{"id":"{id}","wait":{{"signal":{{"name":"{name}"}}}}}}"#);
        self.signals.push(name);
        text
    }

    /// A step that never ends, and what is done when its time is up.
    fn deadline(&mut self, id: &str) -> String {
        let never = task("q0", "call", r#""do":"never","mark":"deadline""#, "");
        let timed = format!(r#"{{"id":"q0","decorate":{{"with":{{"timeout":{{"after":"3ms"}}}},"body":{never}}}}}"#);
        let instead = self.assigning("q1", "call", "");
        format!(r#"{{"id":"{id}","select":{{"children":[{timed},{instead}]}}}}"#)
    }

    fn variable(&mut self) -> String {
        self.variables += 1;
        format!("v{}", self.variables)
    }
}

fn task(id: &str, kind: &str, params: &str, members: &str) -> String {
    format!(r#"{{"id":"{id}","task":{{"kind":"test.{kind}","params":{{{params}}}{members}}}}}"#)
}

fn sequence(id: &str, children: &[String]) -> String {
    format!(r#"{{"id":"{id}","sequence":{{"children":[{}]}}}}"#, children.join(","))
}

fn set(id: &str, name: &str, op: &str, value: &str) -> String {
    format!(r#"{{"id":"{id}","set":{{"writes":[{{"target":{{"name":"{name}"}},"op":"{op}","value":{value}}}]}}}}"#)
}

fn policy(is_virtual: bool, attempts: u32) -> String {
    let initial = if is_virtual { 60_000 } else { 1 };
    format!(r#"{{"strategy":"exponential-backoff","maxAttempts":{attempts},"initial":{initial},"coefficient":1}}"#)
}
