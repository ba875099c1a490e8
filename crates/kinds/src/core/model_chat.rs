use super::model::chat::{Chat, Reply};
use super::model::router::{Router, Try};
use super::model::{openai, scripted};
use async_trait::async_trait;
use std::sync::Arc;
use weir_base::Value;
use weir_egress::Client;
use weir_kind::{Backend, Category, Checker, Kind, ModelSettings, TaskContext, TaskError, TaskOutput};

/// Asks a language model for the next message of a conversation.
pub(crate) struct ModelChat {
    egress: Arc<Client>,
    router: Router,
}

impl ModelChat {
    pub fn new(egress: Arc<Client>) -> Self {
        Self { egress, router: Router::default() }
    }
}

#[async_trait]
impl Kind for ModelChat {
    async fn run(&self, cx: &TaskContext<'_>, params: Value) -> Result<TaskOutput, TaskError> {
        let chat = Chat::read(cx, &params).await?;
        let settings = settings(cx);
        let ask = |one: Try<'_>| self.ask(cx, one.backend.clone(), one.number, &chat);
        let reply = self.router.ask(cx, &settings, &chat, ask).await?;
        Ok(TaskOutput { output: reply.to_value(), handle: None, usage: Some(reply.usage) })
    }
}

impl ModelChat {
    async fn ask(&self, cx: &TaskContext<'_>, backend: Backend, number: u64, chat: &Chat) -> Result<Reply, TaskError> {
        let reply = match &*backend.provider {
            "scripted" => scripted::ask(cx, chat, number)?,
            _ => openai::ask(cx, &self.egress, &backend, chat).await?,
        };
        check_answer(chat, &reply)?;
        Ok(reply)
    }
}

/// The flow's own settings; with test data, one scripted backend in place of its backends.
fn settings(cx: &TaskContext<'_>) -> ModelSettings {
    let mut settings = cx.flow().models.clone().unwrap_or_default();
    if scripted::script(cx).is_some() {
        settings.backends = vec![Backend { provider: "scripted".into(), ..Backend::default() }];
    }
    settings
}

/// An answer for which a schema was given must be JSON that satisfies it. One that calls tools is not the answer yet.
fn check_answer(chat: &Chat, reply: &Reply) -> Result<(), TaskError> {
    let Some(schema) = chat.output.as_ref().filter(|_| reply.calls.is_empty()) else { return Ok(()) };
    let wrong = |reason: String| {
        let message = format!("the model's answer is not what was asked for: {reason}");
        TaskError::new(Category::Upstream, "MODEL_OUTPUT_INVALID", message).retryable(true)
    };
    let answer =
        Value::from_foreign_json(reply.text.trim()).map_err(|error| wrong(format!("it is not JSON: {error}")))?;
    let first = |problems: Vec<(String, String)>| problems.into_iter().next().unwrap_or_default();
    Checker::new(schema.clone()).check(&answer).map_err(|problems| {
        let (path, message) = first(problems);
        wrong(if path.is_empty() { message } else { format!("`{path}`: {message}") })
    })
}
