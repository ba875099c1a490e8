//! `model.chat` against servers on loopback that speak the wire format, and against scripts.

#[path = "../../egress/tests/support/stand_in.rs"]
mod stand_in;

use stand_in::{Answer, Seen, StandIn, reply};
use std::sync::Arc;
use tokio::sync::Notify;
use weir_base::{Duration, Value};
use weir_egress::{Client, Options};
use weir_kind::memory::{InstantTimer, MemoryPorts};
use weir_kind::{
    Backend, CancellationToken, Category, EgressPolicy, FlowContext, HostOptions, ModelRouting, ModelSettings,
    ObservationBody, Recorded, TaskError, TaskHost, TaskOutput, TaskRequest, Usage,
};

struct Lab {
    host: TaskHost,
    ports: MemoryPorts,
    timer: Arc<InstantTimer>,
}

impl Lab {
    fn new() -> Lab {
        let timer = Arc::new(InstantTimer::default());
        let ports = MemoryPorts { timer: timer.clone(), ..MemoryPorts::default() };
        let registry = weir_kinds::registry(Arc::new(Client::new(Options::default()))).unwrap();
        Lab { host: TaskHost::new(registry, ports.ports(), HostOptions::default()), ports, timer }
    }

    async fn ask(&self, flow: &Arc<FlowContext>, params: &str) -> Result<TaskOutput, TaskError> {
        self.ask_at(flow, "agent[0]/model", 1, params).await
    }

    async fn ask_at(
        &self,
        flow: &Arc<FlowContext>,
        path: &str,
        attempt: u32,
        params: &str,
    ) -> Result<TaskOutput, TaskError> {
        let params = Value::from_json(params).unwrap();
        let mut request = TaskRequest::new("run", path, "model.chat", params, 0, flow.clone());
        request.attempt = attempt;
        self.host.perform(&request, &CancellationToken::new()).await
    }

    /// `provider: text`, or the code of the error.
    async fn said(&self, flow: &Arc<FlowContext>, params: &str) -> String {
        match self.ask(flow, params).await {
            Ok(output) => {
                let part = |name| output.output.get(name).and_then(Value::as_str).unwrap().to_owned();
                format!("{}: {}", part("provider"), part("text"))
            }
            Err(error) => error.code.to_string(),
        }
    }

    fn waits(&self) -> Vec<u64> {
        self.timer.taken().iter().map(|wait| wait.millis.div_ceil(1_000)).collect()
    }
}

fn backend(name: &str, server: &StandIn) -> Backend {
    Backend {
        provider: name.into(),
        base_url: Some(server.url(&format!("/{name}")).into()),
        models: vec!["m".into()],
        ..Backend::default()
    }
}

fn flow(servers: &[&StandIn], models: ModelSettings) -> Arc<FlowContext> {
    let private = servers.iter().map(|server| server.address.to_string()).collect();
    let egress = EgressPolicy { private, ..EgressPolicy::default() };
    Arc::new(FlowContext { egress, models: Some(models), ..FlowContext::default() })
}

fn scripted(script: &str) -> Arc<FlowContext> {
    Arc::new(FlowContext { test_data: Value::from_json(script).unwrap(), ..FlowContext::default() })
}

fn one(server: &StandIn, retries: u32) -> Arc<FlowContext> {
    flow(&[server], ModelSettings { retries, backends: vec![backend("one", server)], ..ModelSettings::default() })
}

const HI: &str = r#"{"prompt":"hi","stream":false}"#;
const JSON: (&str, &str) = ("content-type", "application/json");
const EVENTS: (&str, &str) = ("content-type", "text/event-stream; charset=utf-8");

fn whole(text: &str) -> Answer {
    whole_using(text, 1)
}

fn whole_using(text: &str, tokens: u32) -> Answer {
    let body = format!(
        r#"{{"model":"m","choices":[{{"message":{{"content":"{text}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":{tokens},"completion_tokens":0}}}}"#
    );
    reply(200, &[JSON], &body)
}

fn stream(events: &[&str]) -> Answer {
    let body: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    reply(200, &[EVENTS], &body)
}

const PIECE_1: &str = r#"{"model":"m-7","choices":[{"delta":{"role":"assistant","content":"Hel"}}]}"#;
const PIECE_2: &str = r#"{"choices":[{"delta":{"content":"lo"}}]}"#;
const STOP: &str = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#;

/// Semantics 2.8: a result carries its usage.
#[tokio::test]
async fn a_streamed_answer_is_shown_as_it_comes_and_given_whole() {
    let server = StandIn::start(|_, _| stream(&[PIECE_1, PIECE_2, STOP, USAGE, "[DONE]"])).await;
    let lab = Lab::new();
    let output = lab.ask(&one(&server, 0), r#"{"prompt":"hi"}"#).await.unwrap();
    let expected = r#"{"text":"Hello","toolCalls":[],"stopReason":"stop","model":"m-7","provider":"one","usage":{"inputTokens":9,"outputTokens":2}}"#;
    assert_eq!(output.output.to_json(), expected);
    assert_eq!(output.usage, Some(Usage { tokens_in: 9, tokens_out: 2, micros: 0 }));
    let shown: Vec<String> = lab
        .ports
        .log
        .take()
        .into_iter()
        .map(|observation| match observation.body {
            ObservationBody::Stream { index, data } => format!("{index} {data}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(shown, [r#"0 {"text":"Hel"}"#, r#"1 {"text":"lo"}"#]);
    assert!(server.seen()[0].body.contains(r#""stream":true,"stream_options":{"include_usage":true}"#));
}

#[tokio::test]
async fn tool_calls_come_in_pieces_and_get_their_names_back() {
    let server = StandIn::start(|_, _| {
        stream(&[
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"calc_add","arguments":"{\"a\""}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"c2","function":{"name":"now","arguments":""}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]},"finish_reason":"tool_calls"}]}"#,
            "[DONE]",
        ])
    })
    .await;
    let params = r#"{"prompt":"add","tools":[{"name":"calc.add","description":"adds","schema":{"type":"object"}},{"name":"now"}]}"#;
    let output = Lab::new().ask(&one(&server, 0), params).await.unwrap().output;
    let expected = r#"[{"id":"c1","name":"calc.add","arguments":{"a":1}},{"id":"c2","name":"now","arguments":{}}]"#;
    assert_eq!(output.get("toolCalls").unwrap().to_json(), expected);
    assert_eq!(output.get("stopReason"), Some(&"tool_calls".into()));
    let tools = r#""tools":[{"type":"function","function":{"name":"calc_add","description":"adds","parameters":{"type":"object"}}},{"type":"function","function":{"name":"now","description":"","parameters":{"type":"object"}}}]"#;
    assert!(server.seen()[0].body.contains(tools), "{}", server.seen()[0].body);
}

/// Semantics 2.8: earlier turns are referred to by path; results of tools go back in order.
#[tokio::test]
async fn earlier_turns_come_from_the_transcript() {
    let server = StandIn::start(|_, _| whole("3")).await;
    let lab = Lab::new();
    let turn = r#"{"text":"","toolCalls":[{"id":"c1","name":"calc.add","arguments":{"a":1}},{"id":"c2","name":"gone","arguments":{}}]}"#;
    lab.ports.transcript.put("agent[0]/model", Recorded::Output(Value::from_json(turn).unwrap()));
    lab.ports.transcript.put("agent[0]/tool[0]", Recorded::Output(3.into()));
    lab.ports.transcript.put("agent[0]/tool[1]", Recorded::Error(Value::object([("code", "NO".into())])));
    let params = r#"{"stream":false,"system":"S","messages":[{"role":"user","content":{"q":1}},{"$ref":"agent[0]/model"},{"$tool":"agent[0]/tool[0]","id":"c1"},{"$tool":"agent[0]/tool[1]","id":"c2"}],"tools":[{"name":"calc.add"}]}"#;
    lab.ask(&one(&server, 0), params).await.unwrap();
    let messages = r#""messages":[{"role":"system","content":"S"},{"role":"user","content":"{\"q\":1}"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"calc_add","arguments":"{\"a\":1}"}},{"id":"c2","type":"function","function":{"name":"gone","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"3"},{"role":"tool","tool_call_id":"c2","content":"{\"error\":{\"code\":\"NO\"}}"}]"#;
    assert!(server.seen()[0].body.contains(messages), "{}", server.seen()[0].body);
    assert_eq!(lab.said(&one(&server, 0), r#"{"messages":[{"$ref":"nowhere"}]}"#).await, "TRANSCRIPT_MISSING");
}

#[tokio::test]
async fn options_go_out_and_a_structured_answer_is_checked() {
    let server = StandIn::start(|place, _| whole(if place == 0 { r#"{\"n\":\"x\"}"# } else { r#"{\"n\":1}"# })).await;
    let params = r#"{"prompt":"n","stream":false,"temperature":0.5,"topP":0.9,"maxTokens":7,"stop":["END"],"output":{"type":"object","properties":{"n":{"type":"integer"}}}}"#;
    let lab = Lab::new();
    assert_eq!(lab.said(&one(&server, 1), params).await, r#"one: {"n":1}"#);
    let options = r#""temperature":0.5,"top_p":0.9,"max_tokens":7,"stop":["END"],"response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object","properties":{"n":{"type":"integer"}}},"strict":true}}}"#;
    assert!(server.seen()[1].body.ends_with(options), "{}", server.seen()[1].body);
}

#[tokio::test]
async fn every_kind_of_trouble_has_its_error() {
    type Case = (&'static str, fn() -> Answer, &'static str, Category, bool);
    let cases: [Case; 9] = [
        ("cut between events", || stream(&[PIECE_1, PIECE_2]), "MODEL_STREAM_CUT", Category::Network, true),
        (
            "cut connection",
            || {
                Answer::Raw(
                    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 500\r\n\r\ndata: {\"choi"
                        .to_vec(),
                )
            },
            "EGRESS_INTERRUPTED",
            Category::Network,
            true,
        ),
        ("broken event", || stream(&["{\"choices\":[", "[DONE]"]), "MODEL_INVALID_REPLY", Category::Upstream, true),
        (
            "error event",
            || stream(&[r#"{"error":{"message":"overloaded"}}"#]),
            "MODEL_INVALID_REPLY",
            Category::Upstream,
            true,
        ),
        ("broken body", || reply(200, &[JSON], "{\"choices\""), "MODEL_INVALID_REPLY", Category::Upstream, true),
        ("no choice", || reply(200, &[JSON], "{}"), "MODEL_INVALID_REPLY", Category::Upstream, true),
        (
            "broken arguments",
            || {
                reply(
                    200,
                    &[JSON],
                    r#"{"choices":[{"message":{"tool_calls":[{"id":"c","function":{"name":"f","arguments":"{"}}]}}]}"#,
                )
            },
            "MODEL_INVALID_REPLY",
            Category::Upstream,
            true,
        ),
        (
            "bad key",
            || reply(401, &[JSON], r#"{"error":{"message":"no such key"}}"#),
            "MODEL_REFUSED",
            Category::Auth,
            false,
        ),
        ("server error", || reply(500, &[], "oops"), "MODEL_REFUSED", Category::Upstream, true),
    ];
    for (name, answer, code, category, retryable) in cases {
        let server = StandIn::start(move |_, _| answer()).await;
        let error = Lab::new().ask(&one(&server, 0), r#"{"prompt":"hi"}"#).await.unwrap_err();
        assert_eq!((&*error.code, error.category, error.retryable), (code, category, retryable), "{name}: {error}");
    }
}

#[tokio::test]
async fn an_answer_without_its_last_event_is_whole_if_it_says_why_it_stopped() {
    let server = StandIn::start(|_, _| stream(&[PIECE_1, STOP])).await;
    assert_eq!(Lab::new().said(&one(&server, 0), r#"{"prompt":"hi"}"#).await, "one: Hel");
}

#[tokio::test]
async fn retry_after_is_waited_for_or_handed_on() {
    let server =
        StandIn::start(|place, _| if place == 0 { reply(429, &[("retry-after", "2")], "") } else { whole("ok") }).await;
    let lab = Lab::new();
    assert_eq!(lab.said(&one(&server, 1), HI).await, "one: ok");
    assert_eq!(lab.waits(), [2]);

    let server = StandIn::start(|_, _| reply(429, &[("retry-after", "7")], "slow down")).await;
    let error = Lab::new().ask(&one(&server, 0), HI).await.unwrap_err();
    assert_eq!((error.category, error.retry_after), (Category::RateLimit, Some(Duration::from_secs(7))));
    assert!(error.message.contains("slow down"), "{error}");

    let models = ModelSettings {
        retries: 3,
        retry_max_delay: Duration::from_secs(5),
        backends: vec![backend("one", &server)],
        ..ModelSettings::default()
    };
    let lab = Lab::new();
    let error = lab.ask(&flow(&[&server], models), HI).await.unwrap_err();
    assert!(lab.waits().is_empty(), "a wait beyond the maximum belongs to the runtime");
    assert_eq!(error.retry_after.map(|wait| wait.millis.div_ceil(1_000)), Some(7));
}

#[tokio::test]
async fn waits_grow_and_stay_within_the_maximum() {
    let server = StandIn::start(|_, _| reply(500, &[], "")).await;
    let models = ModelSettings {
        retries: 4,
        retry_base_delay: Duration::from_secs(10),
        retry_max_delay: Duration::from_secs(40),
        backends: vec![backend("one", &server)],
        ..ModelSettings::default()
    };
    let lab = Lab::new();
    assert_eq!(lab.said(&flow(&[&server], models.clone()), HI).await, "MODEL_REFUSED");
    assert_eq!(server.seen().len(), 5, "retries + 1");
    let waits = lab.waits();
    let within = [(7, 13), (15, 25), (30, 40), (30, 40)];
    assert!(
        waits.len() == 4 && waits.iter().zip(within).all(|(wait, (least, most))| (least..=most).contains(wait)),
        "{waits:?}"
    );
    let again = Lab::new();
    let _ = again.said(&flow(&[&server], models), HI).await;
    let near = again.waits().into_iter().zip(waits).all(|(a, b)| a.abs_diff(b) <= 1);
    assert!(near, "the same step waits the same, but for the time it takes to get there");
}

/// A secret that is said back in two pieces is not shown in either.
#[tokio::test]
async fn a_stream_shows_no_secret() {
    let server = StandIn::start(|_, _| {
        let said = |text: &str| format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}}}}]}}"#);
        stream(&[&said("key sk-te"), &said("st-1234"), &said(" sk"), STOP, "[DONE]"])
    })
    .await;
    let lab = Lab::new();
    lab.ports.secrets.put("key", "sk-test-1234");
    let backends = vec![Backend { api_key: Some("key".into()), ..backend("one", &server) }];
    let flow = flow(&[&server], ModelSettings { backends, ..ModelSettings::default() });
    assert_eq!(lab.said(&flow, r#"{"prompt":"hi"}"#).await, "one: key [secret key] sk");
    let shown = format!("{:?}", lab.ports.log.take());
    assert!(shown.contains("[secret key]") && !shown.contains("sk-te") && !shown.contains("st-1234"), "{shown}");
}

fn naming(_: usize, seen: &Seen) -> Answer {
    whole(seen.target.trim_start_matches('/').split('/').next().unwrap())
}

#[tokio::test]
async fn failover_asks_by_priority_and_goes_on_at_once() {
    let server = StandIn::start(|place, seen: &Seen| {
        if seen.target.starts_with("/best") {
            reply(if place == 0 { 503 } else { 401 }, &[], "")
        } else {
            naming(place, seen)
        }
    })
    .await;
    let mut backends = vec![backend("spare", &server), backend("best", &server)];
    backends[0].priority = 5;
    let flow = flow(&[&server], ModelSettings { retries: 2, backends, ..ModelSettings::default() });
    let lab = Lab::new();
    assert_eq!(lab.said(&flow, HI).await, "spare: spare");
    assert_eq!(lab.said(&flow, HI).await, "spare: spare", "a refused key is a reason to go on too");
    let targets: Vec<String> = server.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(
        targets,
        ["/best/chat/completions", "/spare/chat/completions", "/best/chat/completions", "/spare/chat/completions"]
    );
    assert!(lab.waits().is_empty());
}

#[tokio::test]
async fn one_refused_key_does_not_speak_for_all_backends() {
    let server =
        StandIn::start(|_, seen: &Seen| reply(if seen.target.starts_with("/a") { 503 } else { 401 }, &[], "")).await;
    let backends = vec![backend("a", &server), backend("b", &server)];
    let flow = flow(&[&server], ModelSettings { retries: 1, backends, ..ModelSettings::default() });
    let error = Lab::new().ask(&flow, HI).await.unwrap_err();
    assert_eq!((error.category, error.retryable), (Category::Auth, true), "`a` may be back another time");
}

#[tokio::test]
async fn round_robin_asks_in_turn() {
    let server = StandIn::start(naming).await;
    let backends = ["a", "b", "c"].map(|name| backend(name, &server)).to_vec();
    let flow =
        flow(&[&server], ModelSettings { routing: ModelRouting::RoundRobin, backends, ..ModelSettings::default() });
    let lab = Lab::new();
    for expected in ["a", "b", "c", "a"] {
        assert_eq!(lab.said(&flow, HI).await, format!("{expected}: {expected}"));
    }
}

/// One call hangs at `a`; the next must go to `b`.
async fn second_goes_to_b(models: ModelSettings, spoil: impl Fn(&mut Backend)) {
    let arrived = Arc::new(Notify::new());
    let signal = arrived.clone();
    let server = StandIn::start(move |place, seen: &Seen| {
        if seen.target.starts_with("/a") {
            signal.notify_one();
            return Answer::Silence;
        }
        naming(place, seen)
    })
    .await;
    let mut backends = vec![backend("a", &server), backend("b", &server)];
    spoil(&mut backends[0]);
    let (lab, flow) = (Lab::new(), flow(&[&server], ModelSettings { backends, ..models }));
    let second = async {
        arrived.notified().await;
        lab.said(&flow, HI).await
    };
    tokio::select! {
        first = lab.said(&flow, HI) => panic!("{first}"),
        second = second => assert_eq!(second, "b: b"),
    }
}

#[tokio::test]
async fn least_loaded_asks_who_has_the_fewest_calls_open() {
    second_goes_to_b(ModelSettings { routing: ModelRouting::LeastLoaded, ..ModelSettings::default() }, |_| {}).await;
}

#[tokio::test]
async fn a_full_backend_is_passed_over() {
    second_goes_to_b(ModelSettings::default(), |backend| backend.max_concurrent = Some(1)).await;
}

#[tokio::test]
async fn token_buckets_send_calls_elsewhere_or_make_them_wait() {
    let server =
        StandIn::start(|_, seen: &Seen| whole_using(if seen.target.starts_with("/a") { "a" } else { "b" }, 100)).await;
    let mut limited = backend("a", &server);
    limited.rate_limit_tpm = Some(150);
    let both = flow(
        &[&server],
        ModelSettings { backends: vec![limited.clone(), backend("b", &server)], ..ModelSettings::default() },
    );
    let lab = Lab::new();
    assert_eq!(lab.said(&both, HI).await, "a: a");
    assert_eq!(lab.said(&both, HI).await, "b: b", "50 of 150 tokens are left, and 100 are needed");

    let alone = flow(&[&server], ModelSettings { backends: vec![limited], ..ModelSettings::default() });
    let lab = Lab::new();
    assert_eq!(lab.said(&alone, HI).await, "a: a");
    assert_eq!(lab.said(&alone, HI).await, "a: a");
    assert_eq!(lab.waits(), [20], "50 tokens at 150 a minute");
}

#[tokio::test]
async fn only_backends_that_offer_the_model_are_asked() {
    let server = StandIn::start(naming).await;
    let mut other = backend("other", &server);
    other.models = vec!["x".into()];
    let flow =
        flow(&[&server], ModelSettings { backends: vec![backend("a", &server), other], ..ModelSettings::default() });
    let lab = Lab::new();
    assert_eq!(lab.said(&flow, r#"{"prompt":"hi","stream":false,"model":"x"}"#).await, "other: other");
    assert_eq!(lab.said(&flow, r#"{"prompt":"hi","model":"y"}"#).await, "MODEL_NOT_OFFERED");
}

#[tokio::test]
async fn a_backend_at_a_private_address_needs_leave() {
    let server = StandIn::start(naming).await;
    let models = ModelSettings { backends: vec![backend("a", &server)], ..ModelSettings::default() };
    let flow = Arc::new(FlowContext { models: Some(models), ..FlowContext::default() });
    assert_eq!(Lab::new().said(&flow, HI).await, "EGRESS_PRIVATE_ADDRESS");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn scripts_answer_by_turn_by_step_and_by_words() {
    let flow =
        scripted(r#"{"model":{"writer":["draft","final"],"boss/x":[],"*":[{"when":"help","text":"helping"},"rest"]}}"#);
    let lab = Lab::new();
    let said = |path: &'static str, params: &'static str| {
        let (lab, flow) = (&lab, &flow);
        async move {
            let result = lab.ask_at(flow, path, 1, params).await;
            result.map_or_else(
                |error| error.code.to_string(),
                |output| output.output.get("text").unwrap().as_str().unwrap().to_owned(),
            )
        }
    };
    assert_eq!(said("team/writer[3]/model", r#"{"prompt":"go"}"#).await, "draft");
    let second = r#"{"messages":[{"role":"user","content":"go"},{"role":"assistant","content":"draft"},{"role":"user","content":"on"}]}"#;
    assert_eq!(said("team/writer[3]/model", second).await, "final");
    assert_eq!(said("team/boss[0]/model", r#"{"prompt":"please help"}"#).await, "helping");
    assert_eq!(said("team/boss[0]/model", r#"{"prompt":"go"}"#).await, "rest");
    assert_eq!(said("team/boss[0]/model", second).await, "MODEL_SCRIPT_EXHAUSTED");
}

#[tokio::test]
async fn scripted_tries_count_over_attempts() {
    let flow = scripted(r#"{"model":[[{"status":429,"retryAfter":1},{"error":{"code":"DOWN"}},"up"]]}"#);
    let lab = Lab::new();
    let mut seen = Vec::new();
    for attempt in 1..=3 {
        let result = lab.ask_at(&flow, "a", attempt, r#"{"prompt":"hi"}"#).await;
        seen.push(result.map_or_else(|error| (error.code.to_string(), error.retry_after), |_| ("ok".to_owned(), None)));
    }
    let expected = [
        ("MODEL_REFUSED".to_owned(), Some(Duration::from_secs(1))),
        ("DOWN".to_owned(), None),
        ("ok".to_owned(), None),
    ];
    assert_eq!(seen, expected);
}
