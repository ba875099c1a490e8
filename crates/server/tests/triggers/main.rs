//! Schedules and events start runs: each once, whatever happens between.

mod site;

use serde_json::json;
use site::{BEGIN, On, SECOND, Site, TestClock, eventually, tier};
use std::sync::atomic::Ordering;
use weir_base::{Text, Value};
use weir_control::model::WebhookAnswer;
use weir_control::{CalendarQuery, Caller, ControlError, NewRun, NewTrigger};
use weir_runs::{RunsPort, Until};

const GOOD: &str = "type: Sequence\nid: good\nchildren:\n- {type: PrintAction, id: say, props: {message: hello}}\n";
const BAD: &str = "type: ForceFailure\nid: bad\nchildren: [{type: SuccessNode}]\n";

fn every(seconds: i64, missed: &str) -> serde_json::Value {
    json!({"every": {"interval": format!("{seconds}s")}, "missed": missed})
}

fn code(error: &ControlError) -> (&'static str, String) {
    match error {
        ControlError::Invalid { code, message, .. } | ControlError::State { code, message } => (code, message.clone()),
        other => panic!("another error: {other:?}"),
    }
}

/// Every test on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::On::Sqlite).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::On::Postgres).await;
            })*
        }
    };
}

mod clock;

on_both! {
    missed_ticks_follow_the_policy_and_no_tick_fires_twice,
    a_run_is_told_its_tick_and_its_trigger,
    what_is_switched_off_does_not_fire,
    what_comes_back_fires_again_and_not_twice,
    what_the_tier_does_not_allow_is_skipped_for_good,
    many_schedules_are_written_together,
    an_end_starts_what_waits_for_it_once,
    flows_that_start_each_other_in_a_circle_are_cut,
    what_is_wrong_is_refused_with_its_place,
    the_calendar_has_every_tick_once_and_nobody_elses,
    a_flow_nobody_uses_sleeps_until_it_is_used,
}

/// Ticks are fired on time; after a stop, and after a crash, what was missed follows the policy.
async fn missed_ticks_follow_the_policy_and_no_tick_fires_twice(on: On) {
    for (missed, expected) in [
        ("skip", vec![100, 200, 700]),
        ("once", vec![100, 200, 600, 700]),
        ("all", vec![100, 200, 300, 400, 500, 600, 700]),
    ] {
        for crash in [false, true] {
            let (folder, clock) = (on.home().await, TestClock::new());
            let mut site = Site::open(&folder, &clock, None).await;
            let me = site.tenant("me").await;
            let flow = site.flow(&me, "good", GOOD).await;
            let trigger = site.schedule(&me, &flow, "tick", every(100, missed)).await;
            site.fire();
            site.at(&me, &flow, &trigger, 100, 100).await;
            site.at(&me, &flow, &trigger, 200, 200).await;
            if crash {
                site.die().await
            } else {
                site.stop().await
            }
            clock.set(690);
            let mut site = Site::open(&folder, &clock, None).await;
            site.fire();
            site.at(&me, &flow, &trigger, 690, 600).await;
            site.at(&me, &flow, &trigger, 700, 700).await;
            assert_eq!(site.ticks(&me, &flow, &trigger).await, expected, "{missed}, crash: {crash}");
            let skipped = site.progress(&me, &flow, &trigger).await.state.skipped;
            assert_eq!(skipped.map(|skipped| skipped.code), (missed != "all").then(|| "TICKS_MISSED".into()));
            site.stop().await;
        }
    }
}

async fn a_run_is_told_its_tick_and_its_trigger(on: On) {
    let (folder, clock) = (on.home().await, TestClock::new());
    let mut site = Site::open(&folder, &clock, None).await;
    let me = site.tenant("me").await;
    let flow = site.flow(&me, "good", GOOD).await;
    let cron = json!({"cron": {"expression": "0 1 * * *", "timeZone": "Europe/Berlin"}});
    let trigger = site.schedule(&me, &flow, "nightly", cron).await;
    site.fire();
    // One in the morning in Berlin is midnight, at which the schedule was made: it is due a day later.
    site.at(&me, &flow, &trigger, 86_400, 86_400).await;
    let run = &site.runs(&me, &flow).await[0];
    let expected = r#"{"given":"nightly","scheduledAt":"2026-01-02T00:00:00Z","trigger":"nightly"}"#;
    assert_eq!(site.input(&me, run).await.to_json(), expected);
    let progress = site.progress(&me, &flow, &trigger).await;
    assert_eq!(progress.next, Some(BEGIN + 2 * 86_400 * SECOND));
    assert_eq!(progress.state.fired.map(|fired| (fired.at, fired.run)), Some((BEGIN + 86_400 * SECOND, run.clone())));
    site.stop().await;
}

async fn what_is_switched_off_does_not_fire(on: On) {
    let (folder, clock) = (on.home().await, TestClock::new());
    let mut site = Site::open(&folder, &clock, None).await;
    let me = site.tenant("me").await;
    let flow = site.flow(&me, "good", GOOD).await;
    let other = site.flow(&me, "other", GOOD).await;
    let trigger = site.schedule(&me, &flow, "tick", every(100, "once")).await;
    let beside = site.schedule(&me, &other, "tick", every(100, "all")).await;
    site.fire();
    site.at(&me, &flow, &trigger, 100, 100).await;
    site.control.stop_flow(&me, &flow).await.unwrap();
    site.at(&me, &other, &beside, 550, 500).await;
    assert_eq!(site.ticks(&me, &flow, &trigger).await, [100]);
    assert_eq!(site.progress(&me, &flow, &trigger).await.next, None);
    // Started again, it makes up for what it missed as its policy says.
    site.control.start_flow(&me, &flow, None).await.unwrap();
    site.at(&me, &flow, &trigger, 550, 500).await;
    site.at(&me, &flow, &trigger, 690, 600).await;
    assert_eq!(site.ticks(&me, &flow, &trigger).await, [100, 500, 600]);
    // A trigger that was switched off does not: nobody wanted these.
    site.control.change_trigger(&me, &flow, &trigger, Some(false), None, None).await.unwrap();
    site.at(&me, &other, &beside, 1_050, 1_000).await;
    site.control.change_trigger(&me, &flow, &trigger, Some(true), None, None).await.unwrap();
    site.at(&me, &flow, &trigger, 1_100, 1_100).await;
    assert_eq!(site.ticks(&me, &flow, &trigger).await, [100, 500, 600, 1_100]);
    // Nor does one that says something else now.
    site.clock.set(1_900);
    let new = NewTrigger::Schedule { schedule: every(300, "all"), input: json!(null) };
    site.control.delete_trigger(&me, &flow, &trigger, None).await.unwrap();
    let trigger = site.control.create_trigger(&me, &flow, "tick", new).await.unwrap().id;
    site.at(&me, &flow, &trigger, 2_100, 2_100).await;
    assert_eq!(site.ticks(&me, &flow, &trigger).await, [2_100]);
    site.stop().await;
}

/// As somebody deletes a flow and brings it back.
async fn away_and_back(site: &Site, me: &Caller, flow: &str, meanwhile: impl AsyncFnOnce()) {
    site.control.stop_flow(me, flow).await.unwrap();
    site.control.delete_flow(me, flow, None).await.unwrap();
    meanwhile().await;
    site.control.restore_flow(me, flow).await.unwrap();
    site.control.start_flow(me, flow, None).await.unwrap();
}

async fn what_comes_back_fires_again_and_not_twice(on: On) {
    let (folder, clock) = (on.home().await, TestClock::new());
    let mut site = Site::open(&folder, &clock, None).await;
    let me = site.tenant("me").await;
    let (good, flow) = (site.flow(&me, "good", GOOD).await, site.flow(&me, "back", GOOD).await);
    let tick = site.schedule(&me, &flow, "tick", every(100, "all")).await;
    site.event(&me, &flow, "good", &[]).await;
    site.fire();
    site.at(&me, &flow, &tick, 100, 100).await;
    let starts = async |count: usize| {
        run_to_end(&site, &me, &good).await;
        eventually("an end starts a run", async || (site.runs(&me, &flow).await.len() >= count).then_some(())).await;
    };
    starts(2).await;
    // What is due while it is away is lost.
    away_and_back(&site, &me, &flow, async || clock.set(350)).await;
    // At once, before anybody has noticed that it was away.
    away_and_back(&site, &me, &flow, async || ()).await;
    site.at(&me, &flow, &tick, 400, 400).await;
    assert_eq!(site.ticks(&me, &flow, &tick).await, [100, 400]);
    starts(4).await;
    assert_eq!(site.runs(&me, &flow).await.len(), 4, "two ticks and two ends");
    // How far it has come is on disk again: who opens it anew fires nothing twice.
    site.stop().await;
    let mut site = Site::open(&folder, &clock, None).await;
    site.fire();
    site.at(&me, &flow, &tick, 500, 500).await;
    assert_eq!(site.ticks(&me, &flow, &tick).await, [100, 400, 500]);
    assert_eq!(site.runs(&me, &flow).await.len(), 5);
    site.stop().await;
}

async fn what_the_tier_does_not_allow_is_skipped_for_good(on: On) {
    let (folder, clock) = (on.home().await, TestClock::new());
    let mut site = Site::open(&folder, &clock, Some(tier(Some(2)))).await;
    let me = site.tenant("me").await;
    let flow = site.flow(&me, "good", GOOD).await;
    let trigger = site.schedule(&me, &flow, "tick", every(10, "all")).await;
    site.fire();
    for tick in [10, 20, 30, 40] {
        site.at(&me, &flow, &trigger, tick, tick).await;
    }
    assert_eq!(site.ticks(&me, &flow, &trigger).await, [10, 20]);
    let skipped = site.progress(&me, &flow, &trigger).await.state.skipped.unwrap();
    assert_eq!((&*skipped.code, skipped.at), ("EXECUTIONS_USED_UP", BEGIN + 40 * SECOND));
    site.stop().await;
    // With a larger tier the old ticks stay skipped.
    let mut site = Site::open(&folder, &clock, Some(tier(None))).await;
    site.fire();
    site.at(&me, &flow, &trigger, 50, 50).await;
    assert_eq!(site.ticks(&me, &flow, &trigger).await, [10, 20, 50]);
    site.stop().await;
}

async fn many_schedules_are_written_together(on: On) {
    const COUNT: i64 = 300;
    let (folder, clock) = (on.home().await, TestClock::new());
    let mut site = Site::open(&folder, &clock, None).await;
    let me = site.tenant("me").await;
    let flow = site.flow(&me, "good", GOOD).await;
    let mut last = Text::default();
    for n in 0..COUNT {
        last = site.schedule(&me, &flow, &format!("n{n}"), every(60, "all")).await;
    }
    site.fire();
    site.clock.set(60);
    eventually("every schedule has fired", async || {
        let found = weir_control::RunQuery { flow: Some(flow.clone()), ..Default::default() };
        let runs = site.control.list_runs(&me, &found, None, 1_000).await.unwrap();
        (runs.items.len() == usize::try_from(COUNT).unwrap()).then_some(())
    })
    .await;
    site.at(&me, &flow, &last, 60, 60).await;
    let documents = site.documents.clone();
    site.stop().await;
    let (changes, rows) = (documents.changes.load(Ordering::Relaxed), documents.rows.load(Ordering::Relaxed));
    assert!(rows >= COUNT as u64 && changes <= 3, "{rows} rows in {changes} changes");
}

async fn run_to_end(site: &Site, me: &weir_control::Caller, flow: &str) -> Text {
    let run = site.control.start_run(me, flow, NewRun::default()).await.unwrap().run;
    site.runtime.wait(&run, Until::Ended).await.unwrap();
    run
}

async fn an_end_starts_what_waits_for_it_once(on: On) {
    let (folder, clock) = (on.home().await, TestClock::new());
    let mut site = Site::open(&folder, &clock, None).await;
    let me = site.tenant("me").await;
    let good = site.flow(&me, "good", GOOD).await;
    let bad = site.flow(&me, "bad", BAD).await;
    let any = site.flow(&me, "any", GOOD).await;
    let after_bad = site.flow(&me, "after-bad", GOOD).await;
    site.event(&me, &any, "good", &[]).await;
    site.event(&me, &after_bad, "bad", &["failed"]).await;
    let other = site.tenant("other").await;
    let theirs = site.flow(&other, "theirs", GOOD).await;
    site.flow(&other, "good", GOOD).await;
    site.event(&other, &theirs, "good", &[]).await;
    site.fire();
    let (first, failed) = (run_to_end(&site, &me, &good).await, run_to_end(&site, &me, &bad).await);
    let started = async |site: &Site, flow: &Text, count: usize| {
        eventually("an end starts a run", async || {
            let runs = site.runs(&me, flow).await;
            (runs.len() >= count).then_some(runs)
        })
        .await
    };
    let after = started(&site, &after_bad, 1).await;
    let input = site.input(&me, &after[0]).await;
    let event = input.get("event").unwrap();
    let text = |key: &str| event.get(key).and_then(Value::as_str).map(str::to_owned);
    assert_eq!(
        (text("flow"), text("run"), text("status")),
        (Some("bad".into()), Some(failed.to_string()), Some("failed".into()))
    );
    assert_eq!(event.get("error").and_then(|error| error.get("code")).and_then(Value::as_str), Some("FORCED_FAILURE"));
    assert!(text("endedAt").is_some_and(|at| at.ends_with('Z')) && event.get("output").is_some());
    assert_eq!(started(&site, &any, 1).await.len(), 1);
    site.die().await;
    // Nobody hears this end; it is found afterwards, and the first is not taken for new.
    let site = Site::open(&folder, &clock, None).await;
    let unheard = run_to_end(&site, &me, &good).await;
    site.die().await;
    for _ in 0..2 {
        let mut site = Site::open(&folder, &clock, None).await;
        site.fire();
        started(&site, &any, 2).await;
        let third = run_to_end(&site, &me, &bad).await;
        let mut causes = Vec::new();
        for run in started(&site, &any, 2).await {
            causes.extend(site.input(&me, &run).await.get("event").and_then(|event| event.get("run")).cloned());
        }
        assert_eq!(causes, [Value::from(first.clone()), Value::from(unheard.clone())]);
        eventually("the newest end starts a run", async || {
            let runs = site.runs(&me, &after_bad).await;
            let input = site.input(&me, runs.last()?).await;
            (input.get("event")?.get("run")?.as_str() == Some(&*third)).then_some(())
        })
        .await;
        assert_eq!(site.runs(&other, &theirs).await, Vec::<Text>::new());
        site.stop().await;
    }
}

async fn flows_that_start_each_other_in_a_circle_are_cut(on: On) {
    let (folder, clock) = (on.home().await, TestClock::new());
    let mut site = Site::open(&folder, &clock, None).await;
    let me = site.tenant("me").await;
    let ping = site.flow(&me, "ping", GOOD).await;
    let pong = site.flow(&me, "pong", GOOD).await;
    let back = site.event(&me, &ping, "pong", &[]).await;
    site.event(&me, &pong, "ping", &[]).await;
    site.fire();
    run_to_end(&site, &me, &ping).await;
    // Sixteen ends start a run; the end of the last of them, which is ping's, would start pong.
    let skipped = eventually("the circle is cut", async || {
        let pong_trigger = site.control.triggers(&me, &pong, &page()).await.unwrap().items.remove(0);
        site.progress(&me, &pong, &pong_trigger.id).await.state.skipped
    })
    .await;
    assert_eq!(&*skipped.code, "EVENT_DEPTH");
    assert_eq!((site.runs(&me, &ping).await.len(), site.runs(&me, &pong).await.len()), (9, 8));
    assert_eq!(site.progress(&me, &ping, &back).await.state.skipped, None);
    site.stop().await;
}

fn page() -> weir_control::PageOf {
    weir_control::PageOf { after: None, limit: 10 }
}

async fn what_is_wrong_is_refused_with_its_place(on: On) {
    let (folder, clock) = (on.home().await, TestClock::new());
    let site = Site::open(&folder, &clock, None).await;
    let me = site.tenant("me").await;
    let flow = site.flow(&me, "good", GOOD).await;
    let other = site.tenant("other").await;
    site.flow(&other, "theirs", GOOD).await;
    let schedule = |schedule, input| NewTrigger::Schedule { schedule, input };
    let event = |flow: &str, on: &[&str], allow_self| NewTrigger::Event {
        flow: flow.into(),
        on: on.iter().map(|status| (*status).into()).collect(),
        allow_self,
    };
    let cases = [
        (schedule(json!({"cron": {"expression": "0 25 * * *"}}), json!(null)), "CRON_INVALID", "cron.expression: "),
        (
            schedule(json!({"cron": {"expression": "0 1 * * *", "timeZone": "Mars/One"}}), json!(null)),
            "TIME_ZONE_UNKNOWN",
            "cron.timeZone: ",
        ),
        (schedule(json!({"every": {"interval": "1ms"}}), json!(null)), "SCHEDULE_INVALID", "every.interval: "),
        (schedule(json!({}), json!(null)), "SCHEDULE_INVALID", "a schedule has one of"),
        (
            schedule(json!({"at": {"time": "2026-01-01T00:00:00Z"}, "endsAt": "2025-01-01T00:00:00Z"}), json!(null)),
            "SCHEDULE_NEVER_DUE",
            "no moment",
        ),
        (schedule(every(1, "all"), json!([1])), "SCHEDULE_INVALID", "input: "),
        (event("none", &[], false), "EVENT_INVALID", "flow: "),
        (event("theirs", &[], false), "EVENT_INVALID", "flow: "),
        (event("good", &[], false), "EVENT_INVALID", "flow: "),
        (event("good", &["running"], true), "EVENT_INVALID", "on: "),
    ];
    for (new, expected, place) in cases {
        let error = site.control.create_trigger(&me, &flow, "t", new.clone()).await.unwrap_err();
        let (found, message) = code(&error);
        assert!(found == expected && message.starts_with(place), "{new:?}: {found} {message}");
    }
    let itself = site.control.create_trigger(&me, &flow, "itself", event("good", &["failed"], true)).await.unwrap();
    let wrong = site.control.change_trigger(&me, &flow, &itself.id, None, Some(event("none", &[], false)), None).await;
    assert_eq!(code(&wrong.unwrap_err()).0, "EVENT_INVALID");
    site.stop().await;
}

async fn the_calendar_has_every_tick_once_and_nobody_elses(on: On) {
    let (folder, clock) = (on.home().await, TestClock::new());
    let site = Site::open(&folder, &clock, None).await;
    let me = site.tenant("me").await;
    let flow = site.flow(&me, "good", GOOD).await;
    let off = site.flow(&me, "off", GOOD).await;
    site.control.stop_flow(&me, &off).await.unwrap();
    let two = site.schedule(&me, &flow, "two", every(2, "once")).await;
    clock.set(1);
    let three = site.schedule(&me, &flow, "three", every(3, "once")).await;
    let cron = json!({"cron": {"expression": "*/6 * * * * *", "timeZone": "asia/tokyo"}});
    clock.set(2);
    let six = site.schedule(&me, &off, "six", cron).await;
    let query = |flow: Option<&Text>| CalendarQuery {
        from: BEGIN + SECOND,
        until: BEGIN + 7 * SECOND,
        project: Some("default".into()),
        flow: flow.cloned(),
    };
    let mut found = Vec::new();
    let mut after: Option<Text> = None;
    loop {
        let part = site.control.calendar(&me, &query(None), after.as_deref(), 2).await.unwrap();
        assert!(part.items.len() <= 2);
        found.extend(part.items);
        after = part.next;
        if after.is_none() {
            break;
        }
    }
    let shown: Vec<_> = found.iter().map(|tick| ((tick.at - BEGIN) / SECOND, &tick.trigger, tick.running)).collect();
    assert_eq!(
        shown,
        [(2, &two, true), (3, &three, true), (4, &two, true), (6, &two, true), (6, &three, true), (6, &six, false)]
    );
    assert_eq!(found.last().and_then(|tick| tick.zone.as_deref()), Some("Asia/Tokyo"));
    let of_flow = site.control.calendar(&me, &query(Some(&off)), None, 10).await.unwrap();
    assert_eq!((of_flow.items.len(), of_flow.next), (1, None));
    let other = site.tenant("other").await;
    assert_eq!(site.control.calendar(&other, &query(None), None, 10).await.unwrap().items, []);
    let wrong = site.control.calendar(&me, &query(None), Some("x"), 10).await.unwrap_err();
    assert_eq!(code(&wrong).0, "INVALID_CURSOR");
    what_has_fired_is_not_to_come(&site, &clock, &me, &flow, query(None)).await;
    site.stop().await;
}

/// However early the list is to begin. What jitter holds back is to come until it fires.
async fn what_has_fired_is_not_to_come(site: &Site, clock: &TestClock, me: &Caller, flow: &str, all: CalendarQuery) {
    for name in ["late", "later"] {
        site.schedule(me, flow, name, json!({"every": {"interval": "2s"}, "jitter": "2s"})).await;
    }
    // By how much depends on its id: of a thousand days, hardly two seconds.
    let single = json!({"at": {"time": "2026-01-01T00:00:03Z"}, "jitter": "1000d"});
    let held = site.schedule(me, flow, "held", single).await;
    let before = site.control.calendar(me, &all, None, 50).await.unwrap().items;
    clock.set(5);
    let after = site.control.calendar(me, &all, None, 50).await.unwrap().items;
    let now = BEGIN + 5 * SECOND;
    assert!(before.iter().any(|tick| tick.fires_at < now), "{before:#?}");
    assert!(after.iter().any(|tick| tick.trigger == held && tick.at < now), "it is held back: {after:#?}");
    let to_come: Vec<_> = before.into_iter().filter(|tick| tick.fires_at >= now).collect();
    assert_eq!(after, to_come);
}

/// It sleeps after a quarter of an hour; what starts it wakes it. Only a stop refuses.
async fn a_flow_nobody_uses_sleeps_until_it_is_used(on: On) {
    const MINUTE: i64 = 60;
    let (folder, clock) = (on.home().await, TestClock::new());
    let mut site = Site::open(&folder, &clock, None).await;
    let me = site.tenant("me").await;
    let flow = site.flow(&me, "good", GOOD).await;
    let webhook = NewTrigger::Webhook { answer: WebhookAnswer::AtOnce, deadline: None, signature: None, secret: None };
    let webhook = site.control.create_trigger(&me, &flow, "hook", webhook).await.unwrap();
    let token = site.control.webhook_url(&webhook).unwrap().rsplit('/').next().unwrap().to_owned();
    let asleep = async |site: &Site| site.control.flow_status(&me, &flow).await.unwrap().asleep;
    let knock = async |site: &Site| {
        let hook = site.control.webhook(&flow, &token).await?;
        let run = site.control.knock(&hook.door, Value::Null, None).await?;
        site.runtime.wait(&run.run, Until::Ended).await.unwrap();
        Ok::<(), ControlError>(())
    };
    knock(&site).await.unwrap();
    clock.set(14 * MINUTE);
    assert_eq!((site.control.let_sleep().await.unwrap(), asleep(&site).await), (0, false));
    clock.set(15 * MINUTE);
    assert_eq!((site.control.let_sleep().await.unwrap(), asleep(&site).await), (1, true));
    knock(&site).await.unwrap();
    assert!(!asleep(&site).await);
    clock.set(31 * MINUTE);
    assert_eq!((site.control.let_sleep().await.unwrap(), asleep(&site).await), (1, true));
    // A schedule wakes it as well.
    let trigger = site.schedule(&me, &flow, "tick", every(40 * MINUTE, "once")).await;
    site.fire();
    site.at(&me, &flow, &trigger, 40 * MINUTE, 40 * MINUTE).await;
    assert!(!asleep(&site).await);
    // After a restart nothing is in memory.
    clock.set(60 * MINUTE);
    site.stop().await;
    let site = Site::open(&folder, &clock, None).await;
    assert!(asleep(&site).await);
    knock(&site).await.unwrap();
    assert!(!asleep(&site).await);
    site.control.stop_flow(&me, &flow).await.unwrap();
    assert!(!asleep(&site).await);
    assert_eq!(code(&knock(&site).await.unwrap_err()).0, "FLOW_STOPPED");
    site.stop().await;
    // A tier may keep its flows awake.
    let site = Site::open(&folder, &clock, Some(weir_control::Tier { idle: None, ..tier(None) })).await;
    site.control.start_flow(&me, &flow, None).await.unwrap();
    clock.set(10_000 * MINUTE);
    assert!(!asleep(&site).await);
    site.stop().await;
}
