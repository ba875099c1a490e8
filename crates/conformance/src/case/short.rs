//! The short form of a graph: nodes in a map, edges as texts, and the two ends by themselves.

use anyhow::{Context, Result, bail};
use weir_base::{Map, Value};

/// Members of a node that are not in its `data`.
const OUTSIDE: [&str; 1] = ["type"];

/// `{nodes: {id: {type, …}}, edges: ["a > b"], …}` as the dialect reads it.
pub fn graph(name: &str, short: &Value) -> Result<Value> {
    let nodes = short.get("nodes").and_then(Value::as_object).context("a graph has `nodes`")?;
    let mut all = vec![node("start", &Value::object([("type", "trigger".into())]))];
    all.extend(nodes.iter().map(|(id, given)| node(id, given)));
    all.push(node("stop", &Value::object([("type", "end".into())])));
    let edges = match short.get("edges").and_then(Value::as_array) {
        Some(edges) => edges.iter().map(|edge| edge_of(edge.as_str().unwrap_or_default())).collect::<Result<_>>()?,
        None => in_a_row(nodes),
    };
    let numbered = edges.into_iter().enumerate().map(|(at, (from, handle, to))| {
        let ends = [("id", format!("e{at}").into()), ("source", from.into()), ("target", to.into())];
        let handle = handle.map(|handle| ("sourceHandle", Value::from(handle)));
        Value::object(ends.into_iter().chain(handle))
    });
    let mut whole: Map = Map::default();
    whole.insert("name".into(), name.into());
    whole.insert("nodes".into(), Value::array(all));
    whole.insert("edges".into(), Value::array(numbered));
    let rest = short.as_object().into_iter().flat_map(Map::iter);
    rest.filter(|(key, _)| !matches!(&***key, "nodes" | "edges")).for_each(|(key, value)| {
        whole.insert(key.clone(), value.clone());
    });
    Ok(Value::from(whole))
}

fn node(id: &str, given: &Value) -> Value {
    let members = given.as_object().into_iter().flat_map(Map::iter);
    let (outside, data): (Vec<_>, Vec<_>) = members.partition(|(key, _)| OUTSIDE.contains(&&***key));
    let data = Value::from(data.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect::<Map>());
    let origin = Value::object([("x", 0.into()), ("y", 0.into())]);
    let mut whole: Map = Map::default();
    whole.insert("id".into(), id.into());
    outside.into_iter().for_each(|(key, value)| {
        whole.insert(key.clone(), value.clone());
    });
    whole.insert("position".into(), origin);
    whole.insert("data".into(), data);
    Value::from(whole)
}

type Edge = (String, Option<String>, String);

/// `from > to` or `from:handle > to`.
fn edge_of(text: &str) -> Result<Edge> {
    let Some((from, to)) = text.split_once(" > ") else { bail!("`{text}` is no edge") };
    let (from, handle) = match from.split_once(':') {
        Some((from, handle)) => (from, Some(handle.to_owned())),
        None => (from, None),
    };
    Ok((from.to_owned(), handle, to.to_owned()))
}

fn in_a_row(nodes: &Map) -> Vec<Edge> {
    let ids = nodes.iter().map(|(id, _)| id.to_string()).chain(["stop".to_owned()]);
    let mut last = "start".to_owned();
    let row = ids.map(|id| {
        let from = std::mem::replace(&mut last, id.clone());
        (from, None, id)
    });
    row.collect()
}
