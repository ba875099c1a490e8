//! A clock that is put back by an hour, or forward by a day and back again.

use super::site::{BEGIN, On, SECOND, Site, TestClock, eventually};
use super::{GOOD, every, run_to_end};
use weir_control::{ControlError, NewKey, Origin, SignIn};
use weir_store::{Documents, Scope, Table};

on_both! {
    a_schedule_goes_on_from_where_the_clock_is_and_fires_no_tick_twice,
    a_day_that_is_skipped_follows_the_policy,
    ends_of_runs_start_what_waits_for_them_once,
    how_far_triggers_have_come_is_written_where_the_clock_goes_back,
    nobody_is_shut_out_for_longer_than_the_pause,
    tokens_last_as_long_as_the_clock_says_and_links_count_once,
    housekeeping_goes_on_and_forgets_nothing_early,
}

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Whether it happens while the server runs or while it is down.
async fn jump(on: &super::site::Home, site: Site, second: i64, restart: bool) -> Site {
    let clock = site.clock.clone();
    if !restart {
        clock.set(second);
        return site;
    }
    site.stop().await;
    clock.set(second);
    let mut site = Site::open(on, &clock, None).await;
    site.fire();
    site
}

async fn a_schedule_goes_on_from_where_the_clock_is_and_fires_no_tick_twice(on: On) {
    for restart in [false, true] {
        let (home, clock) = (on.home().await, TestClock::new());
        let mut site = Site::open(&home, &clock, None).await;
        let me = site.tenant("me").await;
        let flow = site.flow(&me, "good", GOOD).await;
        let trigger = site.schedule(&me, &flow, "tick", every(1_800, "once")).await;
        site.fire();
        for second in [1_800, 3_600, 5_400] {
            site.at(&me, &flow, &trigger, second, second).await;
        }
        let site = jump(&home, site, 5_500 - HOUR, restart).await;
        site.at(&me, &flow, &trigger, 5_500 - HOUR, 5_500 - HOUR).await;
        for second in [3_600, 5_400] {
            site.at(&me, &flow, &trigger, second, second).await;
            assert_eq!(site.ticks(&me, &flow, &trigger).await, [1_800, 3_600, 5_400], "{restart}: {second} has fired");
        }
        site.at(&me, &flow, &trigger, 7_200, 7_200).await;
        site.at(&me, &flow, &trigger, 7_200 + DAY, 7_200 + DAY).await;
        // What was a day ahead does not silence the schedule for a day.
        let site = jump(&home, site, 7_300, restart).await;
        site.at(&me, &flow, &trigger, 7_300, 7_300).await;
        site.at(&me, &flow, &trigger, 9_000, 9_000).await;
        site.at(&me, &flow, &trigger, 7_200 + DAY, 7_200 + DAY).await;
        let expected = [1_800, 3_600, 5_400, 7_200, 9_000, 7_200 + DAY];
        assert_eq!(site.ticks(&me, &flow, &trigger).await, expected, "{restart}");
        site.stop().await;
    }
}

async fn a_day_that_is_skipped_follows_the_policy(on: On) {
    let all: Vec<i64> = (1..=25).map(|hour| hour * HOUR).collect();
    for (missed, expected) in [("skip", vec![HOUR]), ("once", vec![HOUR, 25 * HOUR]), ("all", all)] {
        let (home, clock) = (on.home().await, TestClock::new());
        let mut site = Site::open(&home, &clock, None).await;
        let me = site.tenant("me").await;
        let flow = site.flow(&me, "good", GOOD).await;
        let trigger = site.schedule(&me, &flow, "tick", every(HOUR, missed)).await;
        site.fire();
        site.at(&me, &flow, &trigger, HOUR, HOUR).await;
        site.clock.set(25 * HOUR + HOUR / 2);
        let passed = eventually("the day is dealt with", async || {
            let state = site.progress(&me, &flow, &trigger).await.state;
            (state.last >= BEGIN + 25 * HOUR * SECOND).then_some(state)
        });
        let state = passed.await;
        assert_eq!(site.ticks(&me, &flow, &trigger).await, expected, "{missed}");
        let skipped = state.skipped.map_or(0, |skipped| skipped.count);
        assert_eq!(skipped + expected.len() as u64, 25, "{missed}: each is fired or accounted for");
        site.stop().await;
    }
}

async fn ends_of_runs_start_what_waits_for_them_once(on: On) {
    let (home, clock) = (on.home().await, TestClock::new());
    let mut site = Site::open(&home, &clock, None).await;
    let me = site.tenant("me").await;
    let cause = site.flow(&me, "cause", GOOD).await;
    let waiting = site.flow(&me, "waiting", GOOD).await;
    site.event(&me, &waiting, "cause", &[]).await;
    site.fire();
    for (number, second) in [0, -HOUR, DAY, 0].into_iter().enumerate() {
        site = jump(&home, site, second, number % 2 == 1).await;
        run_to_end(&site, &me, &cause).await;
        let started = async || (site.runs(&me, &waiting).await.len() == number + 1).then_some(());
        eventually("the end starts a run", started).await;
    }
    site.stop().await;
    let site = Site::open(&home, &clock, None).await;
    assert_eq!(site.runs(&me, &waiting).await.len(), 4);
    site.stop().await;
}

/// A crash soon after the clock went back finds on disk what was done before.
async fn how_far_triggers_have_come_is_written_where_the_clock_goes_back(on: On) {
    let (home, clock) = (on.home().await, TestClock::new());
    let mut site = Site::open(&home, &clock, None).await;
    let me = site.tenant("me").await;
    let flow = site.flow(&me, "good", GOOD).await;
    let trigger = site.schedule(&me, &flow, "tick", every(HOUR, "once")).await;
    site.fire();
    site.at(&me, &flow, &trigger, HOUR, HOUR).await;
    clock.set(60);
    site.at(&me, &flow, &trigger, 60, 60).await;
    clock.set(62);
    let written = async || {
        let row = site.documents.document(&Scope::System, Table::TriggerStates, &trigger).await.unwrap();
        row.filter(|row| row.body.contains("\"fired\":{"))
    };
    eventually("it is written", written).await;
    site.die().await;
    let mut site = Site::open(&home, &clock, None).await;
    let state = site.progress(&me, &flow, &trigger).await.state;
    assert_eq!(state.fired.map(|fired| fired.at), Some(BEGIN + HOUR * SECOND));
    site.fire();
    site.at(&me, &flow, &trigger, HOUR, HOUR).await;
    assert_eq!(site.ticks(&me, &flow, &trigger).await, [HOUR]);
    site.stop().await;
}

fn sign_in(password: &str) -> SignIn {
    SignIn { email: "owner@localhost".into(), password: password.into(), code: None }
}

async fn nobody_is_shut_out_for_longer_than_the_pause(on: On) {
    let (home, clock) = (on.home().await, TestClock::new());
    let site = Site::open(&home, &clock, None).await;
    let cheap = weir_vault::password::Options { memory_kib: 8, passes: 1, lanes: 1 };
    let hash = weir_vault::password::hash(&cheap, "right password", &[7; 16]).unwrap();
    site.control.create_tenant("mine", &"owner@localhost".into(), Some(hash.as_str().into())).await.unwrap();
    let (origin, options) = (Origin::default(), weir_control::Options::default());
    for back in [HOUR, DAY] {
        clock.set(10 * DAY);
        for _ in 0..options.sign_in_tries {
            assert!(site.control.sign_in(sign_in("wrong"), &origin).await.is_err());
        }
        clock.set(10 * DAY - back);
        let refused = site.control.sign_in(sign_in("right password"), &origin).await.err();
        let Some(ControlError::TooMany { seconds }) = refused else { panic!("{refused:?}") };
        let pause = options.sign_in_pause.micros() / SECOND;
        assert!(seconds <= pause as u64 + 1, "{seconds} s instead of {pause} s");
        clock.set(10 * DAY - back + pause + 1);
        site.control.sign_in(sign_in("right password"), &origin).await.unwrap();
    }
    site.stop().await;
}

async fn tokens_last_as_long_as_the_clock_says_and_links_count_once(on: On) {
    let (home, clock) = (on.home().await, TestClock::new());
    let site = Site::open(&home, &clock, None).await;
    let (owner, tenant) = site.control.create_tenant("mine", &"owner@localhost".into(), None).await.unwrap();
    let me = weir_control::Caller::system(tenant.id, "test");
    let origin = Origin::default();
    clock.set(2 * HOUR);
    let link = site.control.sign_in_link(&owner).await.unwrap();
    let expires_at = Some(BEGIN + 3 * HOUR * SECOND);
    let new = NewKey { name: "k".into(), service: true, role: None, scopes: None, expires_at };
    let key = site.control.create_key(&me, new).await.unwrap().text;
    let key_is_good = async || site.control.by_key(&key, &"".into()).await.is_ok();

    clock.set(2 * HOUR + DAY);
    assert!(!key_is_good().await, "a day on, the key is over");
    assert!(site.control.sign_in_by_link(&link, &origin).await.is_err(), "and so is the link");
    clock.set(HOUR);
    assert!(key_is_good().await, "nothing was deleted for what the clock said");
    let signed_in = site.control.sign_in_by_link(&link, &origin).await.unwrap();
    assert!(site.control.sign_in_by_link(&link, &origin).await.is_err(), "a link counts once");
    for (second, good) in [(0, true), (DAY, true), (60 * DAY, false), (HOUR, true)] {
        clock.set(second);
        assert_eq!(site.control.by_session(&signed_in.token, &"".into()).await.is_ok(), good, "at {second}");
    }
    site.stop().await;
}

/// The installation's own runs are begun once for each period, and those of flows stay.
async fn housekeeping_goes_on_and_forgets_nothing_early(on: On) {
    let (home, clock) = (on.home().await, TestClock::new());
    let site = Site::open(&home, &clock, None).await;
    let me = site.tenant("me").await;
    let flow = site.flow(&me, "good", GOOD).await;
    let run = run_to_end(&site, &me, &flow).await;
    for second in [0, DAY, 0, -HOUR, HOUR] {
        clock.set(second);
        site.control.keep_house().await.unwrap();
        site.control.let_sleep().await.unwrap();
        assert_eq!(site.runs(&me, &flow).await, std::slice::from_ref(&run), "at {second}");
    }
    site.stop().await;
}
