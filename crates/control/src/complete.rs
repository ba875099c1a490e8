//! What could stand where somebody writes. The text is read, as far as it can be; nothing of it is run.

use crate::caller::Caller;
use crate::control::Control;
use crate::model::{FlowFile, Secret};
use crate::permissions::Permission;
use crate::records::{self, Kept};
use crate::{ControlError, Result};
use std::collections::{BTreeMap, BTreeSet};
use weir_base::{Text, Value};
use weir_catalog::{Component, Field};
use weir_check::ROOTS;
use weir_dialects::TreeNodeType;
use weir_ir::{Flow, NodeKind};
use weir_store::VariableScope;

/// Something that could be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub label: Text,
    /// `kind`, `parameter`, `value`, `flow`, `name` or `method`.
    pub sort: &'static str,
    /// A type, or a title; empty where there is none to tell.
    pub detail: String,
    pub docs: String,
}

/// What could stand in the place of the text from `from` to the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    pub from: usize,
    pub items: Vec<Completion>,
}

impl Control {
    /// What could be written at byte `offset` of a flow's text, in this project.
    pub async fn complete(&self, caller: &Caller, project: &str, text: &str, offset: usize) -> Result<Completions> {
        let project = self.project(caller, project).await?.value.name;
        if !text.is_char_boundary(offset) {
            let message = "`offset` counts bytes of the text, up to its end, and does not cut a character";
            return Err(ControlError::invalid("INVALID_OFFSET", message));
        }
        let mut found = match open_expression(text, offset) {
            Some(open) => self.in_expression(caller, &project, text, open, offset).await?,
            None => self.in_structure(caller, &project, text, offset).await?,
        };
        let prefix = text[found.from..offset].to_lowercase();
        found.items.retain(|item| item.label.to_lowercase().starts_with(&prefix));
        found.items.sort_by(|a, b| a.label.cmp(&b.label));
        found.items.dedup();
        Ok(found)
    }

    async fn in_expression(
        &self,
        caller: &Caller,
        project: &Text,
        text: &str,
        open: usize,
        offset: usize,
    ) -> Result<Completions> {
        let written = &text[open..offset];
        if ['\'', '"', '`'].iter().any(|quote| written.matches(*quote).count() % 2 == 1) {
            return Ok(Completions { from: offset, items: Vec::new() });
        }
        let begin = written
            .rfind(|c: char| !(c.is_alphanumeric() || "_$.?".contains(c)))
            .map_or(0, |at| at + written[at..].chars().next().map_or(0, char::len_utf8));
        let path: Vec<&str> = written[begin..].split('.').map(|part| part.trim_end_matches('?')).collect();
        let (prefix, base) = path.split_last().map_or(("", &[][..]), |(last, base)| (*last, base));
        let from = offset - prefix.len();
        let items = match base {
            [] => ROOTS.iter().map(|(name, docs)| item(name, "name", "", docs)).collect(),
            ["secrets"] if caller.may(Permission::SecretsRead) => {
                let found: Vec<Kept<Secret>> =
                    records::all(&*self.documents, &caller.scope(), &records::under(project)).await?;
                found.iter().map(|secret| item(&secret.value.name, "name", "secret", "")).collect()
            }
            ["project"] if caller.may(Permission::VariablesRead) => {
                let scope = VariableScope { tenant: caller.tenant.clone(), project: project.clone(), service: None };
                let found = self.store.list_variables(&scope).await?;
                found.iter().map(|one| item(&one.name, "name", one.value.type_name(), "")).collect()
            }
            ["secrets" | "project" | "service"] => Vec::new(),
            ["run"] => vec![item("id", "name", "string", ""), item("startedAt", "name", "number", "")],
            base => {
                let main = FlowFile { name: "flow.yaml".into(), text: text.into() };
                let flow = self.readable(&[main], &BTreeMap::new(), offset).map(|(flow, _)| flow);
                self.members_of(flow.as_ref(), base)
            }
        };
        Ok(Completions { from, items })
    }

    /// What a flow says about the members of a name.
    fn members_of(&self, flow: Option<&Flow>, base: &[&str]) -> Vec<Completion> {
        let known = flow.map(|flow| match base {
            ["input", rest @ ..] => schema_members(flow.input.as_ref(), rest),
            ["vars"] => variables(flow),
            ["nodes"] => nodes(flow).into_keys().map(|id| item(&id, "name", "node", "")).collect(),
            ["nodes", _] => ["output", "error", "status"].map(|name| item(name, "name", "", "")).to_vec(),
            ["nodes", id, "output"] => match nodes(flow).get(*id).and_then(|kind| self.catalog.record(kind)) {
                Some(record) => fields(&record.output_schema, "name"),
                None => Vec::new(),
            },
            _ => Vec::new(),
        });
        match known.filter(|known| !known.is_empty()) {
            Some(known) => known,
            None if matches!(base, ["vars"] | ["nodes"] | ["input"]) => Vec::new(),
            None => weir_expr::methods().iter().map(|name| item(name, "method", "", "")).collect(),
        }
    }

    async fn in_structure(&self, caller: &Caller, project: &Text, text: &str, offset: usize) -> Result<Completions> {
        let line = &text[text[..offset].rfind('\n').map_or(0, |at| at + 1)..offset];
        let segment = line.rsplit(['{', ',']).next().unwrap_or_default().trim_start();
        let segment = segment.strip_prefix("- ").unwrap_or(segment).trim_start();
        let plain = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
        let prefix_of = |text: &str| text.trim_start().trim_start_matches(['"', '\'']).len();
        let around = self.step_around(text, offset);
        let kind = match &around {
            Some(Around::Kind(kind)) => Some(*kind),
            _ => None,
        };
        let (from, items) = match segment.split_once(':') {
            Some((key, value)) => (offset - prefix_of(value), self.values(caller, project, &plain(key), kind).await?),
            None => {
                let items = match around {
                    Some(Around::Kind(kind)) => {
                        let record = self.catalog.record(&kind.name);
                        record.map(|record| fields(&record.input_schema, "parameter")).unwrap_or_default()
                    }
                    Some(Around::Node(node)) => node.props.iter().map(|name| item(name, "parameter", "", "")).collect(),
                    None => Vec::new(),
                };
                (offset - prefix_of(segment), items)
            }
        };
        Ok(Completions { from, items })
    }

    async fn values(
        &self,
        caller: &Caller,
        project: &Text,
        key: &str,
        kind: Option<&Component>,
    ) -> Result<Vec<Completion>> {
        let kinds = |name: fn(&Component) -> Option<&Text>| {
            let all = self.catalog.iter().map(|entry| entry.component());
            all.filter_map(|kind| name(kind).map(|name| item(name, "kind", &kind.title, &kind.summary))).collect()
        };
        Ok(match key {
            "type" => {
                let mut found: Vec<Completion> = kinds(|kind| kind.tree.as_ref());
                let known: BTreeSet<Text> = found.iter().map(|one| one.label.clone()).collect();
                let nodes = weir_dialects::tree_node_types().filter(|name| !known.contains(*name));
                found.extend(nodes.filter_map(weir_dialects::tree_node_type).map(node_item));
                found
            }
            "kind" => kinds(|kind| Some(&kind.name)),
            "flow" | "workflow" => {
                let names = self.flow_names(&caller.tenant, project).await?;
                names.iter().map(|name| item(name, "flow", "", "")).collect()
            }
            key => {
                let record = kind.and_then(|kind| self.catalog.record(&kind.name));
                let field = record.and_then(|record| record.input_schema.get(key));
                field.map(values_of).unwrap_or_default()
            }
        })
    }

    /// The step around the cursor: the nearest `type` or `kind` before it that is not inside something
    /// that has ended.
    fn step_around(&self, text: &str, offset: usize) -> Option<Around<'_>> {
        let before = &text[..offset];
        let indent = |at: usize| {
            let line = &before[before[..at].rfind('\n').map_or(0, |at| at + 1)..];
            line.find(|c: char| c != ' ' && c != '-').unwrap_or(line.len())
        };
        let (mut depth, mut around, mut least) = (0_i32, 0_i32, indent(offset));
        for (at, letter) in before.char_indices().rev() {
            match letter {
                '}' => depth += 1,
                '{' => {
                    depth -= 1;
                    around = around.min(depth);
                }
                't' | 'k' if depth == around => {
                    let rest = ["type", "kind"].iter().find_map(|key| before[at..].strip_prefix(key));
                    let whole = !before[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
                    let Some(value) = rest.filter(|_| whole).map(|rest| rest.trim_start_matches(['"', '\''])) else {
                        continue;
                    };
                    let Some(value) = value.strip_prefix(':') else { continue };
                    let name = value.trim_start().trim_start_matches(['"', '\'']);
                    let end = name.find(|c: char| !(c.is_alphanumeric() || "._-".contains(c))).unwrap_or(name.len());
                    if indent(at) > least {
                        continue;
                    }
                    let found = self.catalog.by_tree(&name[..end]).or_else(|| self.catalog.by_name(&name[..end]));
                    match found {
                        Some(entry) => return Some(Around::Kind(entry.component())),
                        None if weir_dialects::tree_node_type(&name[..end]).is_some() => {
                            return weir_dialects::tree_node_type(&name[..end]).map(Around::Node);
                        }
                        // Another step, of a kind that is not known, stands around.
                        None => least = least.min(indent(at)),
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// What stands around a place: a task, or a node that is none.
enum Around<'a> {
    Kind(&'a Component),
    Node(TreeNodeType),
}

/// A node of trees that is no task, and how many children it has.
fn node_item(node: TreeNodeType) -> Completion {
    let detail = match node.children {
        (0, Some(0)) => "no children".to_owned(),
        (least, None) => {
            if least == 0 {
                "children".to_owned()
            } else {
                format!("{least} or more children")
            }
        }
        (1, Some(1)) => "one child".to_owned(),
        (least, Some(most)) if least == most => format!("{least} children"),
        (least, Some(most)) => format!("{least} to {most} children"),
    };
    item(node.name, "node", &detail, "")
}

fn item(label: &str, sort: &'static str, detail: &str, docs: &str) -> Completion {
    Completion { label: label.into(), sort, detail: detail.to_owned(), docs: docs.trim().to_owned() }
}

/// The text with nothing in the expression under the cursor, so that what is half written is no problem; and where
/// that expression begins.
pub(crate) fn without_expression(text: &str, offset: usize) -> Option<(String, usize)> {
    let open = open_expression(text, offset)?;
    let rest = &text[offset..];
    // Braces behind a quote or on another line are not those of this expression.
    let line = rest.find(['\n', '"']).unwrap_or(rest.len());
    let (close, end) = match rest[..line].find("}}") {
        Some(at) => (offset + at, ""),
        None => (offset, "}}"),
    };
    Some((format!("{}null{end}{}", &text[..open], &text[close..]), open))
}

/// Where the expression around the cursor begins, after its braces.
fn open_expression(text: &str, offset: usize) -> Option<usize> {
    let open = text[..offset].rfind("{{")?;
    (!text[open..offset].contains("}}")).then_some(open + 2)
}

fn fields(fields: &weir_catalog::Fields, sort: &'static str) -> Vec<Completion> {
    let named = fields.iter().filter(|(name, _)| &***name != "*");
    named.map(|(name, field)| item(name, sort, &type_of(field), &field.description)).collect()
}

fn type_of(field: &Field) -> String {
    let schema = field.json_schema();
    let ty = schema.get("type").and_then(Value::as_str).unwrap_or("any").to_owned();
    if field.required { format!("{ty}, required") } else { ty }
}

fn values_of(field: &Field) -> Vec<Completion> {
    let given = field.values.iter().filter_map(Value::as_str).map(|value| item(value, "value", "", ""));
    let either = field.json_schema().get("type").and_then(Value::as_str) == Some("boolean");
    let either = ["true", "false"].into_iter().filter(|_| either).map(|value| item(value, "value", "", ""));
    given.chain(either).collect()
}

fn schema_members(schema: Option<&Value>, path: &[&str]) -> Vec<Completion> {
    let member = |schema: Option<&Value>, name: &str| schema?.get("properties")?.get(name).cloned();
    let schema = path.iter().fold(schema.cloned(), |schema, name| member(schema.as_ref(), name));
    let Some(Value::Object(properties)) = schema.as_ref().and_then(|schema| schema.get("properties")) else {
        return Vec::new();
    };
    let text = |schema: &Value, key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    properties.iter().map(|(name, one)| item(name, "name", &text(one, "type"), &text(one, "description"))).collect()
}

fn variables(flow: &Flow) -> Vec<Completion> {
    let declared = flow.variables.iter().map(|(name, one)| {
        let ty = format!("{:?}", one.ty).to_lowercase();
        item(name, "name", &ty, one.description.as_deref().unwrap_or_default())
    });
    let mut found: Vec<_> = declared.collect();
    if flow.input_as_variables {
        found.extend(schema_members(flow.input.as_ref(), &[]));
    }
    let mut written = BTreeSet::new();
    flow.for_each_node(&mut |node| match &node.kind {
        NodeKind::Task(task) => written.extend(task.assign.iter().map(|assign| assign.var.clone())),
        NodeKind::Set { writes } => {
            let names = writes.iter().filter_map(|write| write.target.as_ref()?.name.constant());
            written.extend(names.filter_map(|name| name.as_str().map(Text::from)));
        }
        _ => {}
    });
    written.retain(|name| found.iter().all(|known| known.label != *name));
    found.extend(written.iter().map(|name| item(name, "name", "", "")));
    found
}

/// Nodes of graphs by id, with their kinds.
fn nodes(flow: &Flow) -> BTreeMap<Text, Text> {
    let mut found = BTreeMap::new();
    flow.for_each_node(&mut |node| {
        if let NodeKind::Graph(graph) = &node.kind {
            for one in &graph.nodes {
                let kind = match &one.node.kind {
                    NodeKind::Task(task) => task.kind.clone(),
                    _ => "".into(),
                };
                found.insert(one.node.id.clone(), kind);
            }
        }
    });
    found
}
