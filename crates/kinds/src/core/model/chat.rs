//! A conversation, put together from parameters and from what earlier steps said.

use crate::params::{list, optional_text, shown, text};
use weir_base::{Text, Value};
use weir_kind::{Recorded, TaskContext, TaskError, Usage};

#[derive(Clone, Debug, PartialEq)]
pub struct Chat {
    pub model: Option<Text>,
    /// The system prompt comes first where there is one.
    pub messages: Vec<Message>,
    pub tools: Vec<Tool>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub max_tokens: Option<u64>,
    pub stop: Vec<Text>,
    /// JSON Schema the answer must satisfy.
    pub output: Option<Value>,
    pub stream: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    System(String),
    User(String),
    Assistant { text: String, calls: Vec<ToolCall> },
    Tool { id: Text, text: String },
}

impl Message {
    pub fn text(&self) -> &str {
        match self {
            Message::System(text) | Message::User(text) => text,
            Message::Assistant { text, .. } | Message::Tool { text, .. } => text,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    pub id: Text,
    pub name: Text,
    pub arguments: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    pub name: Text,
    pub description: Text,
    pub schema: Value,
}

/// What a model said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    pub text: String,
    pub calls: Vec<ToolCall>,
    /// `stop`, `tool_calls`, `length`, `content_filter` or `other`.
    pub stop: Text,
    pub model: Text,
    pub provider: Text,
    pub usage: Usage,
}

impl Reply {
    /// `{text, toolCalls, stopReason, model, provider, usage}`.
    pub fn to_value(&self) -> Value {
        let call = |call: &ToolCall| {
            let (id, name) = (Value::from(call.id.clone()), Value::from(call.name.clone()));
            Value::object([("id", id), ("name", name), ("arguments", call.arguments.clone())])
        };
        let usage = [("inputTokens", self.usage.tokens_in.into()), ("outputTokens", self.usage.tokens_out.into())];
        Value::object([
            ("text", self.text.as_str().into()),
            ("toolCalls", Value::array(self.calls.iter().map(call))),
            ("stopReason", self.stop.clone().into()),
            ("model", self.model.clone().into()),
            ("provider", self.provider.clone().into()),
            ("usage", Value::object(usage)),
        ])
    }
}

impl Chat {
    pub async fn read(cx: &TaskContext<'_>, params: &Value) -> Result<Chat, TaskError> {
        let mut messages: Vec<Message> =
            optional_text(params, "system").map(|system| Message::System(system.to_owned())).into_iter().collect();
        for message in list(params, "messages") {
            messages.push(read_message(cx, message).await?);
        }
        if let Some(prompt) = params.get("prompt").filter(|prompt| !prompt.is_null()) {
            messages.push(Message::User(shown(prompt)));
        }
        if !messages.iter().any(|message| !matches!(message, Message::System(_))) {
            return Err(TaskError::input(
                "MODEL_NO_MESSAGES",
                "there is nothing to answer: give `messages` or `prompt`",
            ));
        }
        let number = |name| params.get(name).and_then(Value::as_f64);
        Ok(Chat {
            model: optional_text(params, "model").filter(|model| !model.is_empty()).map(Text::from),
            messages,
            tools: list(params, "tools").iter().map(read_tool).collect(),
            temperature: number("temperature"),
            top_p: number("topP"),
            max_tokens: params.get("maxTokens").and_then(Value::as_u64),
            stop: list(params, "stop").iter().filter_map(Value::as_str).map(Text::from).collect(),
            output: params.get("output").filter(|schema| !schema.is_null()).cloned(),
            stream: params.get("stream").and_then(Value::as_bool).unwrap_or(true),
        })
    }

    /// How often the model has answered already.
    pub fn turns(&self) -> usize {
        self.messages.iter().filter(|message| matches!(message, Message::Assistant { .. })).count()
    }

    /// A rough count of the tokens it takes, never below 100.
    pub fn estimate(&self) -> u64 {
        let messages: usize = self.messages.iter().map(|message| message.text().chars().count()).sum();
        let tools: usize = self.tools.iter().map(|tool| tool.description.len() + tool.schema.to_json().len()).sum();
        ((messages + tools) as u64 / 4).max(100)
    }
}

fn read_tool(tool: &Value) -> Tool {
    let schema = tool.get("schema").cloned().unwrap_or_else(|| Value::object([("type", "object".into())]));
    Tool { name: text(tool, "name").into(), description: text(tool, "description").into(), schema }
}

/// A message as it is written, or a reference to what an earlier step gave.
async fn read_message(cx: &TaskContext<'_>, message: &Value) -> Result<Message, TaskError> {
    if let Some(path) = optional_text(message, "$ref") {
        return match recorded(cx, path).await? {
            Recorded::Output(reply) => Ok(assistant(&reply, "text")),
            Recorded::Error(_) => Err(missing(path)),
        };
    }
    if let Some(path) = optional_text(message, "$tool") {
        let text = match recorded(cx, path).await? {
            Recorded::Output(output) => shown(&output),
            Recorded::Error(error) => Value::object([("error", error)]).to_json(),
        };
        return Ok(Message::Tool { id: text_of(message, "id"), text });
    }
    let content = || message.get("content").filter(|content| !content.is_null()).map(shown).unwrap_or_default();
    Ok(match text(message, "role") {
        "system" => Message::System(content()),
        "assistant" => assistant(message, "content"),
        "tool" => Message::Tool { id: text_of(message, "toolCallId"), text: content() },
        _ => Message::User(content()),
    })
}

fn text_of(value: &Value, name: &str) -> Text {
    text(value, name).into()
}

fn assistant(reply: &Value, field: &str) -> Message {
    let call = |call: &Value| ToolCall {
        id: text_of(call, "id"),
        name: text_of(call, "name"),
        arguments: call.get("arguments").cloned().unwrap_or_default(),
    };
    let text = reply.get(field).filter(|text| !text.is_null()).map(shown).unwrap_or_default();
    Message::Assistant { text, calls: list(reply, "toolCalls").iter().map(call).collect() }
}

async fn recorded(cx: &TaskContext<'_>, path: &str) -> Result<Recorded, TaskError> {
    cx.recorded(path).await?.ok_or_else(|| missing(path))
}

fn missing(path: &str) -> TaskError {
    TaskError::input(
        "TRANSCRIPT_MISSING",
        format!("the conversation refers to `{path}`, which has no result in this run"),
    )
}
