//! The secrets a flow names: whoever runs its code has to give them.

use std::collections::BTreeSet;
use weir_base::{Text, Value};
use weir_expr::{Expr, Template};
use weir_ir::{Flow, NodeKind};

/// What flows need.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Needed {
    pub names: BTreeSet<Text>,
    /// Whether a name is computed, which may then be any.
    pub computed: bool,
}

/// Secrets that these steps name, and, where one of them may ask a model, the settings for models.
pub fn needed<'a>(flows: impl Iterator<Item = &'a Flow>, steps: impl Fn(&NodeKind) -> bool, asks: bool) -> Needed {
    let mut found = Needed::default();
    for flow in flows {
        let backends = flow.settings.models.iter().filter(|_| asks).flat_map(|models| &models.backends);
        found.names.extend(backends.filter_map(|backend| backend.api_key.clone()));
        flow.for_each_node(&mut |node| {
            if !steps(&node.kind) {
                return;
            }
            node.kind.for_each_expr(&mut |expr| found.referred(expr));
            if let NodeKind::Task(task) = &node.kind {
                found.parameter(&task.params);
            }
        });
    }
    found
}

impl Needed {
    fn referred(&mut self, expr: &Expr) {
        let secrets = expr.references().into_iter().filter(|reference| &*reference.root == "secrets");
        for reference in secrets {
            match reference.path.first() {
                Some(name) => drop(self.names.insert(name.clone())),
                None => self.computed = true,
            }
        }
    }

    /// A member `secret` of a member, as in `auth: {secret: shop}`.
    fn parameter(&mut self, params: &Template) {
        match params {
            Template::Object(members) => members.iter().for_each(|(name, member)| match &**name {
                "secret" => self.named(member),
                _ => self.parameter(member),
            }),
            Template::Array(items) => items.iter().for_each(|item| self.parameter(item)),
            Template::Value(value) => self.constant(value),
            Template::Expr(_) | Template::Text(_) => {}
        }
    }

    fn named(&mut self, template: &Template) {
        match template.constant() {
            Some(value) => self.names.extend(value.as_str().map(Text::from)),
            None => self.computed = true,
        }
    }

    fn constant(&mut self, value: &Value) {
        for (name, member) in value.as_object().into_iter().flatten() {
            match member.as_str().filter(|_| &**name == "secret") {
                Some(secret) => drop(self.names.insert(secret.into())),
                None => self.constant(member),
            }
        }
    }
}

/// The variable of the environment that a generated worker reads a secret from.
pub fn variable(secret: &str) -> String {
    let one = |c: char| if c.is_ascii_uppercase() || c.is_ascii_digit() { c } else { '_' };
    format!("WEIR_SECRET_{}", secret.to_uppercase().chars().map(one).collect::<String>())
}
