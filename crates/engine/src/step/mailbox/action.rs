use super::todo::{TODO, TODO_DONE};
use weir_base::{Text, Value};

/// One thing a handler's output asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    Send { to: Text, payload: Value },
    Respond(Value),
    Todo(Value),
    TodoDone(Text),
}

/// What an output means: nothing for null, the actions of an object or a list made of nothing else, and otherwise
/// an answer. So an empty list is an answer.
pub(super) fn actions_of(output: Value) -> Vec<Action> {
    if output.is_null() {
        return Vec::new();
    }
    if let Some(action) = action_of(&output) {
        return vec![action];
    }
    let listed = output.as_array().filter(|items| !items.is_empty());
    match listed.and_then(|items| items.iter().map(action_of).collect::<Option<Vec<_>>>()) {
        Some(actions) => actions,
        None => vec![Action::Respond(output)],
    }
}

/// An object with exactly the members of an action.
fn action_of(value: &Value) -> Option<Action> {
    let map = value.as_object()?;
    let only = |name: &str| if map.len() == 1 { map.get(name) } else { None };
    if let (2, Some(to), Some(payload)) = (map.len(), map.get("to").and_then(Value::as_str), map.get("payload")) {
        return Some(Action::Send { to: to.into(), payload: payload.clone() });
    }
    if let Some(answer) = only("respond") {
        return Some(Action::Respond(answer.clone()));
    }
    if let Some(todo) = only(TODO).filter(|todo| todo.get("waitFor").is_some()) {
        return Some(Action::Todo(todo.clone()));
    }
    only(TODO_DONE).and_then(Value::as_str).map(|id| Action::TodoDone(id.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, expected: &[Action]) {
        assert_eq!(actions_of(Value::from_json(output).unwrap()), expected, "{output}");
    }

    fn answer(value: &str) -> Action {
        Action::Respond(Value::from_json(value).unwrap())
    }

    fn send(to: &str, payload: i32) -> Action {
        Action::Send { to: to.into(), payload: payload.into() }
    }

    #[test]
    fn an_output_is_an_action_only_with_exactly_its_members() {
        check("null", &[]);
        check(r#"{"to":"a","payload":1}"#, &[send("a", 1)]);
        check(r#"[{"to":"a","payload":1},{"to":"b.c","payload":2}]"#, &[send("a", 1), send("b.c", 2)]);
        check(r#"{"respond":null}"#, &[answer("null")]);
        check(r#"[{"respond":1},{"todoDone":"todo-0"}]"#, &[answer("1"), Action::TodoDone("todo-0".into())]);
        for plain in [
            "1",
            "[]",
            r#""text""#,
            r#"{"to":"a"}"#,
            r#"{"to":1,"payload":1}"#,
            r#"{"to":"a","payload":1,"cc":"b"}"#,
            r#"[{"to":"a","payload":1},2]"#,
            r#"{"respond":1,"also":2}"#,
            r#"{"todo":"buy milk"}"#,
        ] {
            check(plain, &[answer(plain)]);
        }
    }
}
