use super::{Mismatch, ObjectType, Type};

impl Type {
    /// Whether every value of type `self` may go where `to` is expected, as far as both are known.
    ///
    /// [`Type::Any`] fits in both directions; an open object may hold whatever it does not name.
    /// The first thing that does not fit is told.
    pub fn assignable(&self, to: &Type) -> Result<(), Mismatch> {
        match (self, to) {
            (Type::Any | Type::Never, _) | (_, Type::Any) => Ok(()),
            (Type::Integer, Type::Number) => Ok(()),
            (Type::Union(members), _) => members.iter().try_for_each(|member| member.assignable(to)),
            (Type::Enum(literals), _) if literals.iter().all(|literal| to.accepts(literal)) => Ok(()),
            (_, Type::Union(members)) => to_union(self, members, to),
            (Type::Array(from), Type::Array(to)) => from.assignable(to).map_err(|mismatch| mismatch.under("[]")),
            (Type::Object(from), Type::Object(to)) => objects(from, to),
            _ if self == to => Ok(()),
            _ => Err(Mismatch { path: String::new(), expected: to.to_string(), found: self.to_string() }),
        }
    }
}

fn to_union(from: &Type, members: &[Type], to: &Type) -> Result<(), Mismatch> {
    if members.iter().any(|member| from.assignable(member).is_ok()) {
        return Ok(());
    }
    Err(Mismatch { path: String::new(), expected: to.to_string(), found: from.to_string() })
}

fn objects(from: &ObjectType, to: &ObjectType) -> Result<(), Mismatch> {
    for (name, wanted) in &to.fields {
        match from.fields.get(name) {
            Some(given) => {
                given.ty.assignable(&wanted.ty).map_err(|mismatch| mismatch.under(name))?;
                if wanted.required && !given.required {
                    return Err(mismatch(name, &wanted.ty, "a member that may be absent"));
                }
            }
            None if wanted.required && !from.open => return Err(mismatch(name, &wanted.ty, "no such member")),
            None => {}
        }
    }
    let extra = from.fields.keys().find(|name| !to.open && !to.fields.contains_key(*name));
    match extra {
        Some(name) => Err(mismatch(name, &Type::Never, &from.fields[name].ty.to_string())),
        None => Ok(()),
    }
}

fn mismatch(path: &str, expected: &Type, found: &str) -> Mismatch {
    Mismatch { path: path.to_owned(), expected: expected.to_string(), found: found.to_owned() }
}

impl Mismatch {
    fn under(mut self, outer: &str) -> Mismatch {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{outer}{dot}{}", self.path);
        self
    }
}

#[cfg(test)]
mod tests {
    use crate::{Type, Value};
    use proptest::prelude::*;

    fn schema(text: &str) -> Type {
        Type::from_schema(&Value::from_json(text).unwrap())
    }

    /// `""` means it fits, else the message.
    fn check(from: &str, to: &str, expected: &str) {
        let found =
            schema(from).assignable(&schema(to)).map_or_else(|mismatch| mismatch.to_string(), |()| String::new());
        assert_eq!(found, expected, "{from} -> {to}");
    }

    #[test]
    fn schemas_feed_schemas() {
        check(r#"{"type":"string"}"#, r#"{"type":"string"}"#, "");
        check(r#"{"type":"integer"}"#, r#"{"type":"number"}"#, "");
        check(r#"{"type":"number"}"#, r#"{"type":"integer"}"#, "expected whole number, found number");
        check(r#"{"enum":["a"]}"#, r#"{"type":"string"}"#, "");
        check(r#"{"enum":["a"]}"#, r#"{"enum":["a","b"]}"#, "");
        check(r#"{"enum":["a","c"]}"#, r#"{"enum":["a","b"]}"#, r#"expected "a" or "b", found "a" or "c""#);
        check(r#"{"type":["string","null"]}"#, r#"{"type":"string"}"#, "expected string, found null");
        check(r#"{"type":"string"}"#, r#"{"type":["string","null"]}"#, "");
        let object = r#"{"type":"object","properties":{"a":{"type":"array","items":{"type":"string"}}},"required":["a"],"additionalProperties":false}"#;
        check(
            object,
            r#"{"properties":{"a":{"items":{"type":"number"},"type":"array"}}}"#,
            "`a[]`: expected number, found string",
        );
        check(
            object,
            r#"{"required":["b"],"properties":{"b":{"type":"string"}}}"#,
            "`b`: expected string, found no such member",
        );
        check(
            r#"{"properties":{"a":{"type":"string"}}}"#,
            r#"{"required":["a"],"type":"object"}"#,
            "`a`: expected any value, found a member that may be absent",
        );
        check(
            object,
            r#"{"type":"object","additionalProperties":false}"#,
            "`a`: expected nothing, found list of string",
        );
        check(r#"{"type":"object"}"#, object, "");
        check("true", object, "");
    }

    #[test]
    fn references_are_followed_and_cycles_end() {
        let tree = r##"{"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"left":{"$ref":"#/$defs/node"},"right":{"$ref":"#/$defs/node"}}}}}"##;
        let ty = schema(tree);
        assert!(ty.assignable(&ty).is_ok());
        assert_eq!(ty.member("left").and_then(|left| left.member("x")), Some(Type::Any));
        assert_eq!(schema(r##"{"$ref":"#/$defs/absent"}"##), Type::Any);
    }

    fn literal() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-3i32..3).prop_map(Value::from),
            Just(Value::from(1.5)),
            "[ab]".prop_map(Value::from),
        ]
    }

    fn value() -> impl Strategy<Value = Value> {
        literal().prop_recursive(3, 12, 3, |inner| {
            let member = ("[abc]", inner.clone());
            let object = prop::collection::vec(member, 0..3)
                .prop_map(|members| Value::object(members.iter().map(|(key, value)| (key.as_str(), value.clone()))));
            prop_oneof![prop::collection::vec(inner, 0..3).prop_map(Value::from), object]
        })
    }

    /// Closed types: no `Any` and no open object, so that "fits" is a promise about every value.
    fn closed_type() -> impl Strategy<Value = Type> {
        let leaf = prop_oneof![
            Just(Type::Null),
            Just(Type::Bool),
            Just(Type::Number),
            Just(Type::Integer),
            Just(Type::String),
            prop::collection::vec(literal(), 1..3).prop_map(Type::Enum),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            let field = ("[abc]", inner.clone(), any::<bool>());
            let object = prop::collection::vec(field, 0..3).prop_map(|fields| {
                Type::object(fields.iter().map(|(name, ty, required)| (name.as_str(), ty.clone(), *required)), false)
            });
            let union = prop::collection::vec(inner.clone(), 1..3).prop_map(Type::union);
            prop_oneof![inner.prop_map(Type::array), object, union]
        })
    }

    proptest! {
        #[test]
        fn every_type_fits_itself_and_any(ty in closed_type()) {
            prop_assert_eq!(ty.assignable(&ty), Ok(()));
            prop_assert_eq!(ty.assignable(&Type::Any), Ok(()));
            prop_assert_eq!(Type::Any.assignable(&ty), Ok(()));
            prop_assert_eq!(Type::Never.assignable(&ty), Ok(()));
        }

        #[test]
        fn a_type_that_fits_promises_values_that_fit(from in closed_type(), to in closed_type(), value in value()) {
            if from.accepts(&value) && from.assignable(&to).is_ok() {
                prop_assert!(to.accepts(&value), "{value} is {from}, which should fit {to}");
            }
        }
    }
}
