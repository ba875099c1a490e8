//! What is known of the items a loop goes through.

use crate::names::shape_of_schema;
use crate::scope::{Step, given_to, output_named};
use crate::variables::Variables;
use weir_base::{Text, Value};
use weir_catalog::Catalog;
use weir_expr::{Env, Expr, Shape, Template, infer};
use weir_ir::Flow;

/// The list of a loop, and the step of a graph that goes through it.
#[derive(Clone, Copy)]
pub(crate) struct Through<'a> {
    pub list: &'a Template,
    pub step: Option<Step<'a>>,
}

/// Where schemas come from.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub flow: &'a Flow,
    pub catalog: &'a Catalog,
    pub variables: &'a Variables,
}

/// The shape of each item of a list that is computed where `env` is seen.
pub(crate) fn shape(list: &Template, env: &Env) -> Shape {
    match list {
        Template::Expr(expr) => match infer(expr, env) {
            Shape::Array(item) => *item,
            _ => Shape::Open,
        },
        _ => Shape::Open,
    }
}

/// The schema of each item of the last of these loops, the outermost first, where its list is one that a schema tells
/// of. A loop that goes through nothing is `None`.
pub(crate) fn schema(from: Sources<'_>, loops: &[Option<Through<'_>>]) -> Option<Value> {
    let (last, outer) = loops.split_last()?;
    let through = (*last)?;
    let Template::Expr(list) = through.list else { return None };
    let (root, path) = reference(list)?;
    let (whole, rest) = match &*root {
        "input" => (from.flow.input.clone()?, &path[..]),
        "item" => (schema(from, outer)?, &path[..]),
        "data" => (given_to(from.flow, from.catalog, through.step?)?, &path[..]),
        "vars" => (variable(from, path.first()?)?, &path[1..]),
        "nodes" if path.get(1).is_some_and(|member| &**member == "output") => {
            (output_named(from.flow, from.catalog, &path[0])?, &path[2..])
        }
        _ => return None,
    };
    let list = rest.iter().try_fold(whole, |schema, name| property(&schema, name))?;
    list.get("items").filter(|_| list.get("type").and_then(Value::as_str) == Some("array")).cloned()
}

/// The name and the members of an expression that is nothing else.
fn reference(expr: &Expr) -> Option<(Text, Vec<Text>)> {
    let only = expr.references().into_iter().next()?;
    (expr.source().get(only.range.clone()) == Some(expr.source().trim())).then_some((only.root, only.path))
}

/// A variable that comes in with the input and is written nowhere as something else.
fn variable(from: Sources<'_>, name: &str) -> Option<Value> {
    let schema = from.flow.input.as_ref().filter(|_| from.flow.input_as_variables)?;
    let schema = property(schema, name)?;
    (from.variables.known.get(name) == Some(&shape_of_schema(&schema))).then_some(schema)
}

fn property(schema: &Value, name: &str) -> Option<Value> {
    schema.get("properties")?.get(name).cloned()
}
