//! The wire format most providers speak: `POST {base}/chat/completions`.

use super::chat::{Chat, Message, Reply, Tool, ToolCall};
use super::sse::Events;
use super::tool_names::ToolNames;
use crate::http_status::status_error;
use crate::params::{list, optional_text, shortened, text};
use weir_base::{Duration, Map, Text, Value};
use weir_egress::{Client, Request, Response};
use weir_kind::{Backend, Category, EgressPolicy, TaskContext, TaskError, TextStream, Usage};

/// Where a provider lives that is named without a base URL.
const KNOWN: [(&str, &str); 4] = [
    ("openai", "https://api.openai.com/v1"),
    ("anthropic", "https://api.anthropic.com/v1"),
    ("xai", "https://api.x.ai/v1"),
    ("ollama", "http://localhost:11434/v1"),
];

/// Asks one backend once.
pub async fn ask(cx: &TaskContext<'_>, egress: &Client, backend: &Backend, chat: &Chat) -> Result<Reply, TaskError> {
    let names = ToolNames::new(&chat.tools);
    let model = model_name(backend, chat)?;
    let request = request(cx, backend, body(chat, &model, &names)).await?;
    let policy = policy(cx, &request)?;
    let mut response = egress.send(request.0, &policy).await?;
    let mut reply = if response.status / 100 != 2 {
        return Err(refused(cx, backend, &mut response).await);
    } else if is_stream(&response) {
        read_stream(cx, &mut response, &names).await?
    } else {
        let bytes = response.body.bytes().await?;
        let reply = whole(&String::from_utf8_lossy(&bytes), &names)?;
        let mut shown = TextStream::default();
        shown.push(cx, &reply.text);
        shown.finish(cx);
        reply
    };
    reply.provider = backend.provider.clone();
    if reply.model.is_empty() {
        reply.model = model;
    }
    Ok(reply)
}

pub fn model_name(backend: &Backend, chat: &Chat) -> Result<Text, TaskError> {
    let named = chat.model.clone().or_else(|| backend.models.first().cloned());
    named.ok_or_else(|| {
        let message = format!("no model is named, and backend `{}` lists none in `models`", backend.provider);
        TaskError::input("MODEL_NOT_NAMED", message)
    })
}

async fn request(cx: &TaskContext<'_>, backend: &Backend, body: Value) -> Result<(Request, String), TaskError> {
    let known = KNOWN.iter().find(|(name, _)| *name == &*backend.provider).map(|(_, url)| *url);
    let base = backend.base_url.as_deref().or(known).ok_or_else(|| {
        let message = format!("`{}` is no known provider; give its `baseUrl`", backend.provider);
        TaskError::input("MODEL_PROVIDER_UNKNOWN", message)
    })?;
    let url = format!("{}/chat/completions", base.trim_end_matches('/'));
    let mut request = Request::new("POST", &url)?;
    request.scope = cx.flow().tenant.to_string();
    request.attempt = cx.request.attempt;
    request.follow_redirects = false;
    // The attempt's own limit is what counts; a long answer streams for minutes.
    request.timeout = cx.request.timeout.max(Duration::from_secs(1));
    request.header("content-type", "application/json")?;
    if let Some(name) = &backend.api_key {
        let key = cx.secret(name).await?;
        request.sensitive_header("authorization", &format!("Bearer {key}"))?;
    }
    request.body = body.to_json().into();
    Ok((request, url))
}

/// A backend the flow names is a host the flow names; a private one still needs a word of its own.
fn policy(cx: &TaskContext<'_>, request: &(Request, String)) -> Result<EgressPolicy, TaskError> {
    let mut policy = cx.flow().egress.clone();
    let url = url::Url::parse(&request.1).ok();
    policy.hosts.extend(url.as_ref().and_then(|url| url.host_str()).map(str::to_owned));
    Ok(policy)
}

fn is_stream(response: &Response) -> bool {
    response.header("content-type").is_some_and(|value| value.trim_start().starts_with("text/event-stream"))
}

async fn refused(cx: &TaskContext<'_>, backend: &Backend, response: &mut Response) -> TaskError {
    let body = response.body.bytes().await.unwrap_or_default();
    let text = String::from_utf8_lossy(&body);
    let said = Value::from_json(&text).ok().and_then(|body| error_message(&body));
    let said = said.unwrap_or_else(|| shortened(&text, 300));
    let message = format!("`{}` answered with status {}: {said}", backend.provider, response.status);
    let detail = Value::object([("status", response.status.into())]);
    status_error("MODEL_REFUSED", message, response, cx.request.now).detail(detail)
}

fn error_message(body: &Value) -> Option<String> {
    let error = body.get("error")?;
    let message = error.get("message").unwrap_or(error);
    Some(shortened(message.as_str().unwrap_or(&message.to_json()), 300))
}

fn body(chat: &Chat, model: &str, names: &ToolNames) -> Value {
    let mut body = Map::default();
    let mut put = |name: &str, value: Value| drop(body.insert(name.into(), value));
    put("model", model.into());
    put("messages", Value::array(chat.messages.iter().map(|message| wire_message(message, names))));
    if !chat.tools.is_empty() {
        put("tools", Value::array(chat.tools.iter().map(|tool| wire_tool(tool, names))));
    }
    let numbers = [("temperature", chat.temperature), ("top_p", chat.top_p)];
    numbers
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .for_each(|(name, value)| put(name, value.into()));
    if let Some(limit) = chat.max_tokens {
        put("max_tokens", limit.into());
    }
    if !chat.stop.is_empty() {
        put("stop", Value::array(chat.stop.iter().map(|stop| Value::from(stop.clone()))));
    }
    if let Some(schema) = &chat.output {
        let format = [("name", "answer".into()), ("schema", schema.clone()), ("strict", true.into())];
        put("response_format", Value::object([("type", "json_schema".into()), ("json_schema", Value::object(format))]));
    }
    if chat.stream {
        put("stream", true.into());
        put("stream_options", Value::object([("include_usage", true.into())]));
    }
    Value::from(body)
}

fn wire_tool(tool: &Tool, names: &ToolNames) -> Value {
    let function = [
        ("name", Value::from(names.wire_name(&tool.name))),
        ("description", tool.description.clone().into()),
        ("parameters", tool.schema.clone()),
    ];
    Value::object([("type", "function".into()), ("function", Value::object(function))])
}

fn wire_message(message: &Message, names: &ToolNames) -> Value {
    let said = |role: &str, text: &str| Value::object([("role", role.into()), ("content", text.into())]);
    match message {
        Message::System(text) => said("system", text),
        Message::User(text) => said("user", text),
        Message::Assistant { text, calls } if calls.is_empty() => said("assistant", text),
        Message::Assistant { text, calls } => {
            let content = if text.is_empty() { Value::Null } else { text.as_str().into() };
            let calls = Value::array(calls.iter().map(|call| wire_call(call, names)));
            Value::object([("role", "assistant".into()), ("content", content), ("tool_calls", calls)])
        }
        Message::Tool { id, text } => Value::object([
            ("role", "tool".into()),
            ("tool_call_id", id.clone().into()),
            ("content", text.as_str().into()),
        ]),
    }
}

fn wire_call(call: &ToolCall, names: &ToolNames) -> Value {
    let function = [("name", Value::from(names.wire_name(&call.name))), ("arguments", call.arguments.to_json().into())];
    Value::object([("id", call.id.clone().into()), ("type", "function".into()), ("function", Value::object(function))])
}

/// An answer that came in one piece.
fn whole(text: &str, names: &ToolNames) -> Result<Reply, TaskError> {
    let body = Value::from_json(text).map_err(|error| invalid(&format!("it is not JSON: {error}")))?;
    if let Some(message) = error_message(&body) {
        return Err(invalid(&message));
    }
    let choice = list(&body, "choices").first().ok_or_else(|| invalid("it holds no choice"))?;
    let message = choice.get("message").ok_or_else(|| invalid("its choice holds no message"))?;
    let calls = list(message, "tool_calls").iter().enumerate().map(|(place, call)| {
        let function = call.get("function").unwrap_or(&Value::Null);
        PartialCall {
            id: optional_text(call, "id").map(str::to_owned),
            name: self::text(function, "name").to_owned(),
            arguments: self::text(function, "arguments").to_owned(),
        }
        .finish(place, names)
    });
    let calls = calls.collect::<Result<Vec<_>, _>>()?;
    let stop = stop_reason(optional_text(choice, "finish_reason"), &calls);
    let said = self::text(message, "content").to_owned();
    Ok(Reply {
        text: said,
        calls,
        stop,
        model: self::text(&body, "model").into(),
        usage: usage(&body),
        ..Reply::default()
    })
}

/// Collects an answer that comes in pieces, showing each as it comes.
async fn read_stream(cx: &TaskContext<'_>, response: &mut Response, names: &ToolNames) -> Result<Reply, TaskError> {
    let (mut events, mut partial, mut shown) = (Events::default(), Partial::default(), TextStream::default());
    while let Some(bytes) = response.body.chunk().await? {
        for data in events.push(&bytes) {
            if data.trim() == "[DONE]" {
                shown.finish(cx);
                return partial.finish(names);
            }
            shown.push(cx, partial.add(&data)?);
        }
    }
    // Some servers leave out the last event; an answer that says why it stopped is whole all the same.
    if partial.stop.is_some() {
        shown.finish(cx);
        return partial.finish(names);
    }
    Err(TaskError::new(Category::Network, "MODEL_STREAM_CUT", "the model's answer broke off before its end"))
}

#[derive(Default)]
struct Partial {
    text: String,
    calls: Vec<PartialCall>,
    stop: Option<String>,
    model: String,
    usage: Usage,
}

#[derive(Default)]
struct PartialCall {
    id: Option<String>,
    name: String,
    arguments: String,
}

impl Partial {
    /// Takes in one event; gives the new text.
    fn add(&mut self, data: &str) -> Result<&str, TaskError> {
        let event = Value::from_json(data).map_err(|error| invalid(&format!("a part of it is not JSON: {error}")))?;
        if let Some(message) = error_message(&event) {
            return Err(invalid(&message));
        }
        if self.model.is_empty() {
            self.model = text(&event, "model").to_owned();
        }
        if event.get("usage").is_some_and(|usage| !usage.is_null()) {
            self.usage = usage(&event);
        }
        let Some(choice) = list(&event, "choices").first() else { return Ok("") };
        if let Some(reason) = optional_text(choice, "finish_reason") {
            self.stop = Some(reason.to_owned());
        }
        let delta = choice.get("delta").unwrap_or(&Value::Null);
        list(delta, "tool_calls").iter().try_for_each(|call| self.add_call(call))?;
        let before = self.text.len();
        self.text.push_str(text(delta, "content"));
        Ok(&self.text[before..])
    }

    fn add_call(&mut self, part: &Value) -> Result<(), TaskError> {
        const MOST_CALLS: usize = 256;
        let default = self.calls.len().saturating_sub(1);
        let place = part.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
        let place = place.unwrap_or(default);
        if place >= MOST_CALLS {
            return Err(invalid("it calls more tools at once than can be meant"));
        }
        if self.calls.len() <= place {
            self.calls.resize_with(place + 1, PartialCall::default);
        }
        let call = &mut self.calls[place];
        if let Some(id) = optional_text(part, "id") {
            call.id = Some(id.to_owned());
        }
        let function = part.get("function").unwrap_or(&Value::Null);
        call.name.push_str(text(function, "name"));
        call.arguments.push_str(text(function, "arguments"));
        Ok(())
    }

    fn finish(self, names: &ToolNames) -> Result<Reply, TaskError> {
        let calls = self.calls.into_iter().enumerate().map(|(place, call)| call.finish(place, names));
        let calls = calls.collect::<Result<Vec<_>, _>>()?;
        let stop = stop_reason(self.stop.as_deref(), &calls);
        let (text, model, usage) = (self.text, self.model.into(), self.usage);
        Ok(Reply { text, calls, stop, model, usage, ..Reply::default() })
    }
}

impl PartialCall {
    fn finish(self, place: usize, names: &ToolNames) -> Result<ToolCall, TaskError> {
        let given = if self.arguments.trim().is_empty() { "{}" } else { self.arguments.as_str() };
        let arguments = Value::from_foreign_json(given).map_err(|error| {
            invalid(&format!("the arguments of `{}` are not JSON: {error}", shortened(&self.name, 80)))
        })?;
        let id = self.id.unwrap_or_else(|| format!("call_{place}"));
        Ok(ToolCall { id: id.into(), name: names.own_name(&self.name), arguments })
    }
}

fn stop_reason(reason: Option<&str>, calls: &[ToolCall]) -> Text {
    match reason {
        _ if !calls.is_empty() => "tool_calls",
        Some("stop" | "tool_calls" | "function_call") | None => "stop",
        Some("length") => "length",
        Some("content_filter") => "content_filter",
        Some(_) => "other",
    }
    .into()
}

fn usage(body: &Value) -> Usage {
    let usage = body.get("usage").unwrap_or(&Value::Null);
    let count = |name| usage.get(name).and_then(Value::as_u64).unwrap_or(0);
    Usage { tokens_in: count("prompt_tokens"), tokens_out: count("completion_tokens"), micros: 0 }
}

/// An answer that cannot be read; another one may be.
fn invalid(reason: &str) -> TaskError {
    let message = format!("the model's answer cannot be used: {reason}");
    TaskError::new(Category::Upstream, "MODEL_INVALID_REPLY", message).retryable(true)
}
