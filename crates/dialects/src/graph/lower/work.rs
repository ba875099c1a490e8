use super::draft::{Body, pass};
use super::{Lowering, code, data};
use crate::Leaf;
use crate::fields::Read;
use crate::graph::read::near_miss;
use crate::text::{Doc, DocKind, Entry};
use weir_base::{Text, Value};
use weir_expr::{Expr, Template};
use weir_ir::{
    Agent, AgentTool, Assign, Call, Fail, Limits, Node, NodeKind, Task, ToolTarget, Trigger, UnknownPolicy, Wait,
};

/// Keys of an agent's config that the agent node itself understands; the rest are options of the model.
const AGENT: [&str; 22] = [
    "model",
    "prompt",
    "systemPrompt",
    "system_prompt",
    "instructions",
    "input",
    "message",
    "userPrompt",
    "user_prompt",
    "tools",
    "maxTurns",
    "max_turns",
    "maxIterations",
    "tokenLimit",
    "token_limit",
    "costLimitMicros",
    "outputSchema",
    "output_schema",
    "assign",
    "name",
    "join",
    "onError",
];

impl Lowering<'_, '_> {
    /// A trigger passes the run's input on. What starts the flow from outside becomes a trigger of the flow.
    pub fn trigger(&mut self, at: usize) -> Body {
        let kind = self.text_field(at, &["triggerType", "trigger_type", "kind", "type"]);
        if let Some(name) = kind.filter(|name| !matches!(&**name, "manual" | "start" | "workflow")) {
            let leaf = self.names.by_kind(&name).or_else(|| self.names.by_kind(&format!("trigger.{name}")));
            let kind = leaf.map_or(name, |leaf| leaf.kind);
            let rest = ["triggerType", "trigger_type", "kind", "type", "inputSchema"];
            let params = self.members(at, self.step(at).config, &rest, ".data.config");
            let id = self.step(at).id.to_string();
            self.triggers.push(Trigger { id, kind, params: Template::Object(params) });
        }
        pass()
    }

    /// The kind an activity names: the first of its names that is known, else the first there is.
    pub fn activity(&mut self, at: usize) -> Body {
        let step = self.step(at);
        let names: Vec<&str> = ["activityName", "componentName", "componentId"]
            .iter()
            .filter_map(|key| step.field(key).and_then(Doc::as_str))
            .filter(|name| !name.trim().is_empty())
            .collect();
        let leaf = names.iter().find_map(|name| self.names.by_kind(name));
        let Some(first) = names.first() else {
            let message = format!("the activity `{}` names no activity", step.id);
            let help = "set `data.activityName` to the name of a kind; `weir kinds ls` lists them";
            let problem = self.problem(at, "MISSING_ACTIVITY_NAME", step.data, message).help(help);
            self.report.push(problem);
            return pass();
        };
        self.task(at, first, leaf)
    }

    pub fn kind_node(&mut self, at: usize) -> Body {
        let name = self.step(at).type_name;
        self.task(at, name, self.names.by_kind(name))
    }

    /// A component with a kind of its own. Without a message of its own, a log line says the node's label.
    pub fn component(&mut self, at: usize, kind: &str) -> Body {
        let leaf = self.names.by_kind(self.step(at).type_name).or_else(|| self.names.by_kind(kind));
        let label = self.step(at).label().map(Value::from);
        let mut body = self.task(at, kind, leaf);
        if let Body::Leaf(NodeKind::Task(task)) = &mut body
            && &*task.kind == "log"
        {
            task.params = with_message(std::mem::replace(&mut task.params, data()), label);
        }
        body
    }

    /// A task of the kind that was found, else of the one with that name.
    fn task(&mut self, at: usize, name: &str, found: Option<Leaf>) -> Body {
        let params = self.params(at, found.as_ref().is_none_or(Leaf::takes_input));
        let mut task = Task::new(found.map_or_else(|| name.into(), |leaf| leaf.kind), params);
        task.assign = self.assign(at);
        task.retry = self.policy_field(at);
        task.timeout = self.step(at).data_field("timeout").and_then(|doc| self.duration(at, doc, "timeout"));
        let policies = [("retry", UnknownPolicy::Retry), ("ask", UnknownPolicy::Ask), ("fail", UnknownPolicy::Fail)];
        task.on_unknown = self.choice(at, &["onUnknown"], &policies);
        Body::Leaf(NodeKind::Task(Box::new(task)))
    }

    /// `data.config`, then `data.input` over it; without either, all there is goes in as `input` where that is taken.
    fn params(&mut self, at: usize, takes_input: bool) -> Template {
        let step = self.step(at);
        let (config, input) = (step.config, step.data_field("input"));
        let mut members = self.members(at, config, &[], ".data.config");
        match input {
            Some(input) if input.is_map() => {
                let given = self.members(at, Some(input), &[], ".data.input");
                members.retain(|(key, _)| !given.iter().any(|(other, _)| other == key));
                members.extend(given);
            }
            Some(input) => {
                let whole = self.template(input, at, ".data.input");
                if members.is_empty() {
                    return whole;
                }
                members.push(("input".into(), whole));
            }
            None if members.is_empty() && takes_input => members.push(("input".into(), data())),
            None => {}
        }
        Template::Object(members)
    }

    /// The members of a map as templates, without some keys.
    pub fn members(&mut self, at: usize, doc: Option<&Doc>, without: &[&str], rest: &str) -> Vec<(Text, Template)> {
        let entries: &[Entry] = doc.map_or(&[], Doc::entries);
        let kept = entries.iter().filter(|entry| !without.contains(&&*entry.key));
        kept.map(|entry| (entry.key.clone(), self.template(&entry.value, at, &format!("{rest}.{}", entry.key))))
            .collect()
    }

    /// `assign: {variable: expression over output}`, and `outputKey: variable` for all of the output.
    fn assign(&mut self, at: usize) -> Vec<Assign> {
        let mut assign = Vec::new();
        if let Some(doc) = self.step(at).field("assign") {
            for entry in doc.entries() {
                let value = self.expression(&entry.value, at, ".data.assign");
                assign.extend(value.map(|value| Assign { var: entry.key.clone(), value }));
            }
        }
        let key = self.text_field(at, &["outputKey"]);
        if let (Some(var), Ok(value)) = (key, Expr::parse("output")) {
            assign.push(Assign { var, value });
        }
        assign.iter().for_each(|assign| self.declare(&assign.var, Default::default()));
        assign
    }

    pub fn agent(&mut self, at: usize) -> Body {
        let prompt = ["systemPrompt", "system_prompt", "prompt", "instructions"];
        let user = ["input", "message", "userPrompt", "user_prompt"];
        let agent = Agent {
            kind: Agent::KIND.into(),
            model: self.any_template(at, &["model"]).unwrap_or(Template::Value(Value::Null)),
            prompt: self.any_template(at, &prompt).unwrap_or(Template::Value(Value::from(""))),
            input: self.config_template(at, &user).unwrap_or_else(data),
            tools: self.tools(at),
            limits: self.limits(at),
            options: self.options(at),
            output: self.step(at).any_field(&["outputSchema", "output_schema"]).map(Doc::to_value),
            assign: self.assign(at),
        };
        Body::Leaf(NodeKind::Agent(Box::new(agent)))
    }

    fn any_template(&mut self, at: usize, keys: &[&str]) -> Option<Template> {
        let found = self.step(at).any_field(keys)?;
        Some(self.template(found, at, &format!(".data.config.{}", keys[0])))
    }

    fn config_template(&mut self, at: usize, keys: &[&str]) -> Option<Template> {
        let found = keys.iter().find_map(|key| self.step(at).config_field(key))?;
        Some(self.template(found, at, &format!(".data.config.{}", keys[0])))
    }

    fn limits(&mut self, at: usize) -> Limits {
        let mut whole = |keys: &[&str]| {
            let found = self.step(at).any_field(keys)?;
            let number = crate::graph::policy::whole(found).filter(|number| *number > 0);
            if number.is_none() {
                self.invalid(at, Some(found), format!("`{}` must be a whole number from 1", keys[0]));
            }
            number
        };
        let turns = whole(&["maxTurns", "max_turns", "maxIterations"]).and_then(|turns| u32::try_from(turns).ok());
        let tokens = whole(&["tokenLimit", "token_limit"]);
        let micros = whole(&["costLimitMicros"]);
        Limits { turns: turns.unwrap_or(Limits::default().turns), tokens, micros }
    }

    fn options(&self, at: usize) -> Value {
        let rest = self.step(at).config.map(|config| config.rest(&AGENT)).unwrap_or_default();
        if rest.is_empty() { Value::Null } else { Value::from(rest) }
    }

    fn tools(&mut self, at: usize) -> Vec<AgentTool> {
        let Some(list) = self.step(at).field("tools") else { return Vec::new() };
        if !list.is_list() {
            self.invalid(at, Some(list), format!("`tools` must be a list, but this is {}", list.describe()));
        }
        list.items().iter().filter_map(|doc| self.tool(at, doc)).collect()
    }

    /// A tool by the name of a kind, or `{name, kind?, description?, schema?, params?}`.
    fn tool(&mut self, at: usize, doc: &Doc) -> Option<AgentTool> {
        let Some(name) = doc.as_str().or_else(|| doc.text("name")).or_else(|| doc.text("kind")) else {
            self.invalid(at, Some(doc), "a tool is the name of a kind, or a map with `name`");
            return None;
        };
        let wanted = doc.text("kind").or_else(|| doc.text("activityName")).unwrap_or(name);
        let leaf = self.names.by_kind(wanted);
        let kind = leaf.as_ref().map_or_else(|| Text::from(wanted), |leaf| leaf.kind.clone());
        let params = match doc.given("params") {
            Some(params) => self.template(params, at, ".data.config.tools"),
            None => code("args"),
        };
        let schema = ["schema", "parameters", "inputSchema"].iter().find_map(|key| doc.given(key)).map(Doc::to_value);
        // With parameters of its own the step takes from the model what those say, not what the kind takes.
        let known = leaf.as_ref().filter(|_| doc.given("params").is_none()).map(Leaf::arguments);
        let mut node = Node::new(name, NodeKind::Task(Box::new(Task::new(kind, params))));
        node.origin.span = Some(doc.span);
        Some(AgentTool {
            name: name.into(),
            description: doc
                .text("description")
                .map(Text::from)
                .or(leaf.as_ref().map(Leaf::purpose))
                .unwrap_or_default(),
            schema: schema.or(known).unwrap_or_else(|| Value::object([("type", "object".into())])),
            target: ToolTarget::Step(Box::new(node)),
        })
    }

    /// Another flow: awaited with `executeChild`, left to itself with `startChild`.
    pub fn child(&mut self, at: usize) -> Body {
        let keys = ["workflowType", "workflow_type", "workflowName", "flow", "workflowId"];
        let Some(flow) = self.any_template(at, &keys) else {
            let message = format!("`{}` does not say which workflow it starts", self.step(at).id);
            self.invalid(at, self.step(at).config, message);
            return pass();
        };
        let types = [("executeChild", false), ("startChild", true)];
        let detached = self.choice(at, &["executionType", "execution_type"], &types).unwrap_or(false);
        let mapping = self.step(at).any_field(&["inputMapping", "input_mapping"]);
        let input = mapping.map(|doc| self.input_mapping(at, doc)).unwrap_or_else(data);
        let version = self.text_field(at, &["version"]);
        let call = Call { flow, version, input, detached, assign: self.assign(at) };
        Body::Leaf(NodeKind::Call(Box::new(call)))
    }

    /// `{field: expression}`: a bare name or path is an expression here, as mappings are written so.
    fn input_mapping(&mut self, at: usize, doc: &Doc) -> Template {
        let DocKind::Map(entries) = &doc.kind else {
            return self.template(doc, at, ".data.config.inputMapping");
        };
        let members = entries.iter().map(|entry| (entry.key.clone(), self.mapped(at, &entry.value)));
        Template::Object(members.collect())
    }

    fn mapped(&mut self, at: usize, doc: &Doc) -> Template {
        let is_path = |text: &str| {
            let mut parts = text.split('.');
            let root = parts.next().unwrap_or("");
            ["data", "input", "vars", "nodes"].contains(&root) && parts.next().is_some()
        };
        match doc.as_str().filter(|text| is_path(text)).map(Expr::parse) {
            Some(Ok(_)) => self.expression(doc, at, ".data.config.inputMapping").map_or_else(data, Template::Expr),
            _ => self.template(doc, at, ".data.config.inputMapping"),
        }
    }

    pub fn signal(&mut self, at: usize) -> Body {
        let Some(name) = self.text_field(at, &["signalName", "signal_name", "name"]) else {
            let message = format!("the signal `{}` has no `signalName`", self.step(at).id);
            self.invalid(at, self.step(at).data, message);
            return pass();
        };
        let sends =
            self.choice(at, &["direction", "action", "mode"], &[("send", true), ("receive", false), ("wait", false)]);
        if sends == Some(true) {
            return self.send(at, name);
        }
        self.declare_signal(at, &name);
        let timeout = self.duration_field(at, &["timeout"]);
        Body::Leaf(NodeKind::Wait(Wait::Signal { name, timeout, routes: false }))
    }

    fn send(&mut self, at: usize, name: Text) -> Body {
        let target = self.any_template(at, &["target", "workflowId", "run"]).unwrap_or(Template::Value(Value::Null));
        let payload = self.any_template(at, &["payload", "input"]).unwrap_or_else(data);
        let members =
            vec![("name".into(), Template::Value(name.into())), ("target".into(), target), ("payload".into(), payload)];
        let kind = self.names.by_kind("signal.send").map_or_else(|| "signal.send".into(), |leaf| leaf.kind);
        Body::Leaf(NodeKind::Task(Box::new(Task::new(kind, Template::Object(members)))))
    }

    pub fn declare_signal(&mut self, at: usize, name: &Text) {
        let schema = self.step(at).any_field(&["schema", "payloadSchema"]).map(Doc::to_value);
        let declared = self.signals.entry(name.clone()).or_default();
        declared.schema = declared.schema.take().or(schema);
    }

    pub fn approval(&mut self, at: usize) -> Body {
        let label = self.step(at).label().unwrap_or("").to_owned();
        let message = self.any_template(at, &["message", "prompt"]).unwrap_or(Template::Value(Value::from(label)));
        let timeout = self.duration_field(at, &["timeout", "deadline"]);
        Body::Leaf(NodeKind::Wait(Wait::Approval { message, timeout, routes: false }))
    }

    pub fn wait(&mut self, at: usize) -> Body {
        let wait = if let Some(doc) = self.step(at).any_field(&["until"]) {
            Some(Wait::Until { at: self.template(doc, at, ".data.config.until") })
        } else {
            self.duration_field(at, &["duration", "after", "for", "delay"]).map(|after| Wait::Timer { after })
        };
        if wait.is_none() && self.step(at).any_field(&["duration", "after", "for", "delay"]).is_none() {
            let message = format!("the wait `{}` needs a `duration` or `until`", self.step(at).id);
            self.invalid(at, self.step(at).config, message);
        }
        wait.map_or_else(pass, |wait| Body::Leaf(NodeKind::Wait(wait)))
    }

    pub fn return_node(&mut self, at: usize) -> Body {
        let value = self.any_template(at, &["value", "output", "result", "input"]).unwrap_or_else(data);
        Body::Leaf(NodeKind::Return { value })
    }

    pub fn fail(&mut self, at: usize) -> Body {
        let label = self.step(at).label().unwrap_or("failed").to_owned();
        let code = self.text_field(at, &["code"]).unwrap_or_else(|| "FAILED".into());
        let message = self.any_template(at, &["message", "reason"]).unwrap_or(Template::Value(Value::from(label)));
        Body::Leaf(NodeKind::Fail(Fail { code, message }))
    }

    /// Settings of a node one letter away from a known one are more likely a slip than a private note.
    pub fn near_misses(&mut self, at: usize) {
        let step = self.step(at);
        let known = ["retryPolicy", "timeout", "activityName", "componentName", "componentId", "signalName", "config"];
        let known = || known.into_iter().chain(["input", "cancelRest", "onError", "onUnknown", "outputKey", "assign"]);
        let own = step.ty.config_keys();
        let mut found = Vec::new();
        for entry in step.data.map_or(&[][..], Doc::entries) {
            if NOTES.contains(&&*entry.key) || own.contains(&&*entry.key) {
                continue;
            }
            found.extend(near_miss(entry, known(), &step.path(".data")));
        }
        if !own.is_empty() {
            for entry in step.config.map_or(&[][..], Doc::entries) {
                let usual = ["join", "cancelRest", "onError", "name", "description", "label"];
                found.extend(near_miss(entry, own.iter().copied().chain(usual), &step.path(".data")));
            }
        }
        self.report.extend(found);
    }
}

/// Keys that drawing tools keep in `data`, some of them near to a setting's name.
const NOTES: [&str; 9] = ["disabled", "label", "description", "icon", "color", "name", "join", "inputs", "component"];

/// Log parameters with a message: the node's label where they hold none.
fn with_message(params: Template, label: Option<Value>) -> Template {
    let Template::Object(mut members) = params else { return params };
    let Some(label) = label.filter(|_| !members.iter().any(|(key, _)| &**key == "message")) else {
        return Template::Object(members);
    };
    if let [(key, Template::Expr(expr))] = &members[..]
        && &**key == "input"
        && expr.source() == "data"
    {
        members.clear();
    }
    members.insert(0, ("message".into(), Template::Value(label)));
    Template::Object(members)
}
