//! A model that says what the flow's test data tells it to, the same in every run.

use super::chat::{Chat, Message, Reply, ToolCall};
use crate::http_status::{category, is_transient};
use crate::params::{list, optional_text, shown, text};
use weir_base::{Duration, Text, Value};
use weir_kind::{Category, TaskContext, TaskError, TextStream, Usage};

/// The script of a flow, if it has one.
pub fn script<'a>(cx: &'a TaskContext<'_>) -> Option<&'a Value> {
    cx.request.flow.test_data.get("model").filter(|script| !script.is_null())
}

/// The reply of the script for this step and turn. `tried` counts earlier tries at it, over all attempts.
///
/// The script is a list of replies by turn, or an object of such lists by the name of a step on the path, with
/// `*` for the rest. A reply with `when` is taken as soon as the last message contains that text; a list in place
/// of a reply is gone through try by try.
pub fn ask(cx: &TaskContext<'_>, chat: &Chat, tried: u64) -> Result<Reply, TaskError> {
    let script = script(cx).ok_or_else(|| {
        TaskError::input(
            "MODEL_SCRIPT_MISSING",
            "the scripted model needs replies in the flow's test data, under `model`",
        )
    })?;
    let replies = replies_for(script, &cx.request.path).ok_or_else(|| exhausted(cx, chat))?;
    let entry = choose(replies, chat).ok_or_else(|| exhausted(cx, chat))?;
    let entry = match entry.as_array() {
        Some(tries) => tries.get(usize::try_from(tried).unwrap_or(usize::MAX)).or(tries.last()).unwrap_or(entry),
        None => entry,
    };
    match failure(entry) {
        Some(error) => Err(error),
        None => {
            let reply = reply(entry, chat);
            let mut shown = TextStream::default();
            reply.text.split_inclusive(' ').for_each(|piece| shown.push(cx, piece));
            shown.finish(cx);
            Ok(reply)
        }
    }
}

/// The list for the deepest step on the path that has one.
fn replies_for<'a>(script: &'a Value, path: &str) -> Option<&'a [Value]> {
    if let Some(replies) = script.as_array() {
        return Some(replies);
    }
    let named = |segment: &str| {
        let name = segment.split('[').next().unwrap_or_default();
        script.get(segment).or_else(|| script.get(name))
    };
    let found = path.rsplit('/').find_map(named).or_else(|| script.get("*"))?;
    found.as_array()
}

fn choose<'a>(replies: &'a [Value], chat: &Chat) -> Option<&'a Value> {
    let last = chat.messages.last().map(Message::text).unwrap_or_default();
    let says = |entry: &&Value| optional_text(entry, "when").is_some_and(|wanted| last.contains(wanted));
    let by_turn = || replies.iter().filter(|entry| entry.get("when").is_none()).nth(chat.turns());
    replies.iter().find(says).or_else(by_turn)
}

fn exhausted(cx: &TaskContext<'_>, chat: &Chat) -> TaskError {
    let message = format!("the script has no reply for turn {} of `{}`", chat.turns() + 1, cx.request.path);
    TaskError::input("MODEL_SCRIPT_EXHAUSTED", message)
}

/// `{status, retryAfter?, message?}` stands for an answer with that status, `{error: {…}}` for any failure.
fn failure(entry: &Value) -> Option<TaskError> {
    if let Some(error) = entry.get("error") {
        let code = optional_text(error, "code").unwrap_or("MODEL_REFUSED");
        let message = optional_text(error, "message").unwrap_or("the script says so");
        let retryable = error.get("retryable").and_then(Value::as_bool).unwrap_or(true);
        return Some(TaskError::new(Category::Upstream, code, message).retryable(retryable));
    }
    let status = entry.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok())?;
    let said = optional_text(entry, "message").unwrap_or("the script says so");
    let wait = entry.get("retryAfter").and_then(Value::as_u64).map(Duration::from_secs);
    let message = format!("`scripted` answered with status {status}: {said}");
    Some(TaskError::new(category(status), "MODEL_REFUSED", message).retryable(is_transient(status)).retry_after(wait))
}

fn reply(entry: &Value, chat: &Chat) -> Reply {
    let said = entry.as_str().map(str::to_owned);
    let said = said.or_else(|| entry.get("text").filter(|text| !text.is_null()).map(shown)).unwrap_or_default();
    let calls: Vec<ToolCall> =
        list(entry, "toolCalls").iter().enumerate().map(|(place, call)| tool_call(call, place)).collect();
    let default = if calls.is_empty() { "stop" } else { "tool_calls" };
    let usage = entry.get("usage").unwrap_or(&Value::Null);
    let count = |name, default| usage.get(name).and_then(Value::as_u64).unwrap_or(default);
    let spoken: usize = chat.messages.iter().map(|message| message.text().chars().count()).sum();
    let usage = Usage {
        tokens_in: count("inputTokens", (spoken as u64).div_ceil(4)),
        tokens_out: count("outputTokens", (said.chars().count() as u64).div_ceil(4)),
        micros: count("micros", 0),
    };
    Reply {
        text: said,
        calls,
        stop: optional_text(entry, "stopReason").unwrap_or(default).into(),
        model: optional_text(entry, "model")
            .map(Text::from)
            .or_else(|| chat.model.clone())
            .unwrap_or_else(|| "scripted".into()),
        provider: "scripted".into(),
        usage,
    }
}

fn tool_call(call: &Value, place: usize) -> ToolCall {
    let id = optional_text(call, "id").map_or_else(|| format!("call_{place}").into(), Text::from);
    let arguments = call.get("arguments").cloned().unwrap_or_else(|| Value::object([]));
    ToolCall { id, name: text(call, "name").into(), arguments }
}
