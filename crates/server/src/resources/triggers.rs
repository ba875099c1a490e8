use crate::auth::By;
use crate::endpoint::Endpoint;
use crate::extract::{Body, Key, Params, Place, Seen, page};
use crate::problem::Problem;
use crate::resources::runs::{Json_, RunBody, RunSummary, summary};
use crate::state::App;
use crate::wire::{Page, PageQuery, etag, time};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_base::Text;
use weir_control::model::{EmailSpec, MailTls, Trigger, TriggerSpec, WebhookAnswer};
use weir_control::{Caller, Kept, NewRun, NewTrigger, Permission, TriggerProgress};

type Answer<T> = Result<T, Problem>;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TriggerView {
    id: String,
    flow: String,
    name: String,
    /// `webhook`, `schedule`, `event` or `email`.
    #[serde(rename = "type")]
    sort: String,
    enabled: bool,
    settings: Json_,
    /// Where a webhook is reached; for those who may change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// How it stands; not in lists, and not of webhooks.
    #[serde(flatten)]
    progress: Option<ProgressView>,
    revision: u64,
    created_at: String,
}

/// What a schedule or an event does next, and what it did last.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ProgressView {
    /// The next tick of a schedule, where the trigger and its flow are switched on.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_tick: Option<String>,
    /// The last tick that started a run, or when the run ended that started one.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_tick: Option<String>,
    /// The run it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run: Option<String>,
    /// Why nothing was started, the last time nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<SkippedView>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SkippedView {
    /// The newest tick that was skipped, or when the run ended that would have started another.
    at: String,
    /// How many ticks were skipped together.
    count: u64,
    code: String,
    message: String,
}

fn progress_view(progress: TriggerProgress) -> ProgressView {
    let TriggerProgress { next, state } = progress;
    let (last_tick, last_run) = state.fired.map(|fired| (time(fired.at), fired.run.to_string())).unzip();
    let skipped = state.skipped.map(|skipped| SkippedView {
        at: time(skipped.at),
        count: skipped.count,
        code: skipped.code.to_string(),
        message: skipped.message.to_string(),
    });
    ProgressView { next_tick: next.map(time), last_tick, last_run, skipped }
}

/// When a webhook is answered.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum AnswerName {
    /// As soon as the run is on disk.
    AtOnce,
    /// With the run's result, or with its id after the deadline.
    Result,
    /// With everything that happens, as it happens.
    Stream,
}

impl AnswerName {
    pub fn meant(self) -> WebhookAnswer {
        match self {
            AnswerName::AtOnce => WebhookAnswer::AtOnce,
            AnswerName::Result => WebhookAnswer::Result,
            AnswerName::Stream => WebhookAnswer::Stream,
        }
    }
}

/// How a connection to a mail server is kept private.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum TlsName {
    Tls,
    Starttls,
    None,
}

/// What a trigger does.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum SpecBody {
    Webhook {
        /// `atOnce` where absent.
        answer: Option<AnswerName>,
        /// How long a result is waited for, in milliseconds; 30000 where absent.
        deadline: Option<u64>,
        /// `standard`, `stripe`, `github` or `slack`.
        signature: Option<String>,
        /// The name of the project's secret the signature is made with.
        secret: Option<String>,
    },
    Schedule {
        /// `{"cron": …}`, `{"every": …}` or `{"at": …}` and more; see the page on schedules.
        schedule: Json_,
        /// What each run starts with.
        #[serde(default)]
        input: Json_,
    },
    Event {
        /// Name of a flow of the same project, whose end starts this one.
        flow: String,
        /// `succeeded`, `failed`, `cancelled`, `timed_out`; any end where absent.
        #[serde(default)]
        on: Vec<String>,
        /// Whether the flow may be this one; false where absent.
        #[serde(default)]
        allow_self: bool,
    },
    /// Letters in a mailbox, by IMAP.
    Email {
        host: String,
        /// 993 where absent, and 143 without TLS or with `starttls`.
        port: Option<u16>,
        /// `tls` (where absent), `starttls` or `none`.
        tls: Option<TlsName>,
        user: String,
        /// The name of the project's secret with the password.
        password_secret: String,
        /// `INBOX` where absent.
        folder: Option<String>,
        /// From one look to the next, such as `1m`, which it is where absent.
        every: Option<String>,
    },
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewTriggerBody {
    name: String,
    spec: SpecBody,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TriggerPatch {
    enabled: Option<bool>,
    spec: Option<SpecBody>,
}

pub fn routes() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/flows/{id}/triggers", "triggers", "What starts a flow from outside")
            .needs(Permission::TriggersRead)
            .query::<PageQuery>()
            .gives::<Page<TriggerView>>(200, "Triggers, the newest first")
            .handler(list),
        Endpoint::post("/api/flows/{id}/triggers", "createTrigger", "Makes a trigger; a webhook gets its address")
            .needs(Permission::TriggersWrite)
            .takes::<NewTriggerBody>()
            .gives::<TriggerView>(201, "Made")
            .or(&[409, 422])
            .handler(create),
        Endpoint::get("/api/flows/{id}/triggers/{trigger}", "trigger", "A trigger")
            .needs(Permission::TriggersRead)
            .gives::<TriggerView>(200, "The trigger")
            .handler(show),
        Endpoint::patch(
            "/api/flows/{id}/triggers/{trigger}",
            "changeTrigger",
            "Changes a trigger; a webhook keeps its address",
        )
        .needs(Permission::TriggersWrite)
        .takes::<TriggerPatch>()
        .revised()
        .gives::<TriggerView>(200, "Changed")
        .or(&[422])
        .handler(change),
        Endpoint::delete("/api/flows/{id}/triggers/{trigger}", "deleteTrigger", "Deletes a trigger")
            .needs(Permission::TriggersWrite)
            .revised()
            .gives_nothing("Deleted")
            .handler(delete),
        Endpoint::post("/api/flows/{id}/triggers/{trigger}/rotate", "rotateTrigger", "Gives a webhook a new address")
            .needs(Permission::TriggersWrite)
            .gives::<TriggerView>(200, "The old address opens nothing any more")
            .or(&[409])
            .handler(rotate),
        Endpoint::post("/api/triggers/{flow_id}/inject", "inject", "Starts a flow by hand")
            .needs(Permission::RunsStart)
            .may_take::<RunBody>()
            .header("Idempotency-Key")
            .gives::<RunSummary>(201, "Started; the run is on disk")
            .or(&[402, 409, 422])
            .handler(inject),
    ]
}

fn view(app: &App, caller: &Caller, trigger: Kept<Trigger>) -> TriggerView {
    let url = match caller.may(Permission::TriggersWrite) {
        true => app.control.webhook_url(&trigger),
        false => None,
    };
    TriggerView {
        settings: Json_(settings(&trigger.value.spec)),
        id: trigger.id.to_string(),
        flow: trigger.value.flow.to_string(),
        name: trigger.value.name.to_string(),
        sort: trigger.value.spec.sort().to_owned(),
        enabled: trigger.value.enabled,
        url,
        progress: None,
        revision: trigger.revision,
        created_at: time(trigger.created_at),
    }
}

/// As [`view`], with how it stands.
async fn whole_view(app: &App, caller: &Caller, trigger: Kept<Trigger>) -> Answer<TriggerView> {
    let progress = match &trigger.value.spec {
        TriggerSpec::Webhook { .. } => None,
        _ => Some(progress_view(app.control.trigger_progress(&trigger).await?)),
    };
    Ok(TriggerView { progress, ..view(app, caller, trigger) })
}

/// The settings without the token and its hash.
fn settings(spec: &TriggerSpec) -> weir_base::Value {
    let mut shown = serde_json::to_value(spec).unwrap_or_default();
    if let Some(members) = shown.as_object_mut() {
        ["type", "token", "hash"].iter().for_each(|key| drop(members.remove(*key)));
    }
    weir_base::Value::from_json(&shown.to_string()).unwrap_or_default()
}

fn spec(body: SpecBody) -> NewTrigger {
    let plain = |value: Json_| serde_json::from_str(&value.0.to_json()).unwrap_or_default();
    match body {
        SpecBody::Webhook { answer, deadline, signature, secret } => NewTrigger::Webhook {
            answer: answer.unwrap_or(AnswerName::AtOnce).meant(),
            deadline,
            signature: signature.map(Text::from),
            secret: secret.map(Text::from),
        },
        SpecBody::Schedule { schedule, input } => {
            NewTrigger::Schedule { schedule: plain(schedule), input: plain(input) }
        }
        SpecBody::Event { flow, on, allow_self } => {
            NewTrigger::Event { flow: flow.into(), on: on.into_iter().map(Text::from).collect(), allow_self }
        }
        SpecBody::Email { host, port, tls, user, password_secret, folder, every } => {
            let tls = match tls.unwrap_or(TlsName::Tls) {
                TlsName::Tls => MailTls::Tls,
                TlsName::Starttls => MailTls::Starttls,
                TlsName::None => MailTls::None,
            };
            let usual = if tls == MailTls::Tls { 993 } else { 143 };
            // What is no time span is none that is allowed.
            let every = every.map_or(60_000, |text| weir_base::Duration::parse(&text).map_or(0, |span| span.millis));
            NewTrigger::Email(EmailSpec {
                host: host.into(),
                port: port.unwrap_or(usual),
                tls,
                user: user.into(),
                password_secret: password_secret.into(),
                folder: folder.unwrap_or_else(|| "INBOX".to_owned()).into(),
                every,
            })
        }
    }
}

async fn list(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Params(query): Params<PageQuery>,
) -> Answer<Json<Page<TriggerView>>> {
    let found = app.control.triggers(&caller, &id, &page(query.after, query.limit)).await?;
    Ok(Page::of(found, |trigger| view(&app, &caller, trigger)))
}

async fn create(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Body(body): Body<NewTriggerBody>,
) -> Answer<(StatusCode, HeaderMap, Json<TriggerView>)> {
    let trigger = app.control.create_trigger(&caller, &id, &body.name, spec(body.spec)).await?;
    Ok((StatusCode::CREATED, etag(&trigger), Json(whole_view(&app, &caller, trigger).await?)))
}

async fn show(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((id, trigger)): Place<(String, String)>,
) -> Answer<(HeaderMap, Json<TriggerView>)> {
    let trigger = app.control.trigger(&caller, &id, &trigger).await?;
    Ok((etag(&trigger), Json(whole_view(&app, &caller, trigger).await?)))
}

async fn change(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((id, trigger)): Place<(String, String)>,
    Seen(seen): Seen,
    Body(body): Body<TriggerPatch>,
) -> Answer<(HeaderMap, Json<TriggerView>)> {
    let new = body.spec.map(spec);
    let trigger = app.control.change_trigger(&caller, &id, &trigger, body.enabled, new, seen).await?;
    Ok((etag(&trigger), Json(whole_view(&app, &caller, trigger).await?)))
}

async fn delete(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((id, trigger)): Place<(String, String)>,
    Seen(seen): Seen,
) -> Answer<StatusCode> {
    app.control.delete_trigger(&caller, &id, &trigger, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn rotate(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place((id, trigger)): Place<(String, String)>,
) -> Answer<Json<TriggerView>> {
    let trigger = app.control.rotate_token(&caller, &id, &trigger).await?;
    Ok(Json(view(&app, &caller, trigger)))
}

async fn inject(
    State(app): State<Arc<App>>,
    By(caller): By,
    Place(id): Place<String>,
    Key(idempotency_key): Key,
    Body(body): Body<RunBody>,
) -> Answer<(StatusCode, Json<RunSummary>)> {
    let new = NewRun { input: body.input.0, idempotency_key, priority: body.priority, ..NewRun::default() };
    let view = app.control.start_run(&caller, &id, new).await?;
    Ok((StatusCode::CREATED, Json(summary(view))))
}
