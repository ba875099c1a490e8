use weir_base::{Text, Value};
use weir_expr::{Expr, Template};

/// The parameters of a task, as far as they can be told before the run.
pub(super) enum Params {
    Written(Vec<(Text, Template)>),
    /// One expression gives all of them when the step starts.
    Made(Expr),
}

impl Params {
    /// Parameters that are written one by one, all of them among `known`.
    pub fn written(params: &Template, known: &[&str]) -> Option<Params> {
        let mut members: Vec<(Text, Template)> = match params {
            Template::Object(members) => members.clone(),
            Template::Value(Value::Object(map)) => {
                map.iter().map(|(key, value)| (key.clone(), Template::Value(value.clone()))).collect()
            }
            Template::Value(Value::Null) => Vec::new(),
            _ => return None,
        };
        members.retain(|(name, value)| !(&**name == "input" && is_data(value)));
        members.iter().all(|(name, _)| known.contains(&&**name)).then_some(Params::Written(members))
    }

    /// Written parameters, or an expression for all of them.
    pub fn of(params: &Template, known: &[&str]) -> Option<Params> {
        match params {
            Template::Expr(expr) => Some(Params::Made(expr.clone())),
            other => Self::written(other, known),
        }
    }

    pub fn get(&self, name: &str) -> Option<Template> {
        match self {
            Params::Written(members) => members.iter().find(|(key, _)| &**key == name).map(|(_, value)| value.clone()),
            Params::Made(whole) => Expr::parse(&format!("({})?.{name}", whole.source())).ok().map(Template::Expr),
        }
    }

    /// The parameter, or its default where there is none.
    pub fn or(&self, name: &str, default: Value) -> Template {
        match self {
            Params::Written(_) => self.get(name).unwrap_or(Template::Value(default)),
            Params::Made(whole) => {
                let source = format!("({})?.{name} ?? {}", whole.source(), default.to_json());
                Expr::parse(&source).map_or(Template::Value(default), |expr| match whole.span() {
                    Some(span) => Template::Expr(expr.at(span)),
                    None => Template::Expr(expr),
                })
            }
        }
    }
}

/// What a graph gives a task that says nothing of its parameters.
fn is_data(value: &Template) -> bool {
    matches!(value, Template::Expr(expr) if expr.source() == "data")
}
