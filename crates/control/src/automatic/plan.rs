//! Which triggers fire by themselves, and when: a pure matter of what is due. Nothing here is read, written or started.

use crate::model::Running;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use weir_base::{Micros, Text, Value};
use weir_engine::Status;
use weir_schedule::{Schedule, Skipped};

/// Ticks of one schedule that are fired in one go; the others follow.
const AT_ONCE: usize = 16;

/// The flow a trigger starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub tenant: Text,
    pub project: Text,
    pub service: Text,
    /// The flow's id and name.
    pub flow: Text,
    pub name: Text,
    /// What new runs get; none while the flow is not switched on.
    pub running: Option<Running>,
}

/// A trigger that is switched on.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub id: Text,
    pub name: Text,
    pub target: Arc<Target>,
    /// What was before does not count.
    pub from: Micros,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Schedule(Scheduled),
    Event(Watching),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Scheduled {
    pub schedule: Arc<Schedule>,
    pub input: Value,
    /// The last tick that was fired or passed over.
    pub last: Micros,
    /// What follows may have been started already, by a process that could not write how far it had come.
    pub unsure: bool,
    /// Tries in a row that came to nothing.
    pub tries: u32,
}

/// The ends of runs that are waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct Watching {
    pub flow: Text,
    /// Any end for none.
    pub on: Vec<Status>,
    pub allow_self: bool,
}

/// What one schedule has to do now.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    pub id: Text,
    pub name: Text,
    pub target: Arc<Target>,
    pub input: Value,
    pub unsure: bool,
    /// The ticks to fire, in order.
    pub ticks: Vec<Micros>,
    /// What was passed over because nothing was there to see it.
    pub missed: Option<Skipped>,
    /// How far it has come when all this is done.
    pub last: Micros,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// All of it.
    Until(Micros),
    /// The first ticks, if any; the others are to be tried again.
    Only(Option<Micros>),
}

/// Every trigger that is switched on, by id, and the schedules of running flows by when they are due.
#[derive(Debug, Default)]
pub struct Plan {
    triggers: HashMap<Text, Planned>,
    due: BTreeSet<(Micros, Text)>,
    /// When each schedule is in `due`.
    wakes: HashMap<Text, Micros>,
    /// Schedules that are being fired. They are due again only when that is over.
    busy: BTreeSet<Text>,
    /// By tenant, project and name of the flow whose ends are waited for.
    watched: BTreeMap<(Text, Text, Text), BTreeSet<Text>>,
}

impl Plan {
    /// Takes a trigger in, in the place of what was known of it. What is known to have fired stays fired.
    pub fn put(&mut self, mut planned: Planned) {
        let known = self.triggers.get(&planned.id).and_then(Planned::last);
        if let What::Schedule(scheduled) = &mut planned.what {
            scheduled.last = scheduled.last.max(planned.from).max(known.unwrap_or(Micros::MIN));
        }
        self.remove(&planned.id);
        if let What::Event(watching) = &planned.what {
            let place = (planned.target.tenant.clone(), planned.target.project.clone(), watching.flow.clone());
            self.watched.entry(place).or_default().insert(planned.id.clone());
        }
        let id = planned.id.clone();
        self.triggers.insert(id.clone(), planned);
        if !self.busy.contains(&id) {
            self.arm(&id, None);
        }
    }

    pub fn remove(&mut self, id: &Text) {
        self.disarm(id);
        let Some(old) = self.triggers.remove(id) else { return };
        if let What::Event(watching) = &old.what {
            let place = (old.target.tenant.clone(), old.target.project.clone(), watching.flow.clone());
            if let Some(ids) = self.watched.get_mut(&place) {
                ids.remove(id);
                if ids.is_empty() {
                    self.watched.remove(&place);
                }
            }
        }
    }

    pub fn get(&self, id: &str) -> Option<&Planned> {
        self.triggers.get(id)
    }

    pub fn all(&self) -> impl Iterator<Item = &Planned> {
        self.triggers.values()
    }

    /// When something is due next.
    pub fn next_wake(&self) -> Option<Micros> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The schedule that is due first, if one is due, and what it has to do.
    pub fn take_due(&mut self, now: Micros) -> Option<Work> {
        let (_, id) = self.due.first().filter(|(at, _)| *at <= now).cloned()?;
        self.disarm(&id);
        let planned = self.triggers.get(&id)?;
        let What::Schedule(scheduled) = &planned.what else { return None };
        let due = scheduled.schedule.due(&id, scheduled.last, now, AT_ONCE);
        let work = Work {
            id: id.clone(),
            name: planned.name.clone(),
            target: planned.target.clone(),
            input: scheduled.input.clone(),
            unsure: scheduled.unsure,
            ticks: due.fire,
            missed: due.skipped,
            last: due.last,
        };
        self.busy.insert(id);
        Some(work)
    }

    /// The clock was put back: schedules go on from where it is now, as far as they had come further. What fires then may
    /// have fired already, which only the store knows. They are given back by tenant and id.
    pub fn put_back(&mut self, now: Micros) -> Vec<(Text, Text)> {
        let ahead = self.triggers.values_mut().filter_map(|planned| match &mut planned.what {
            What::Schedule(scheduled) => {
                scheduled.put_back(now).then(|| (planned.target.tenant.clone(), planned.id.clone()))
            }
            What::Event(_) => None,
        });
        let ids: Vec<(Text, Text)> = ahead.collect();
        for (_, id) in &ids {
            if !self.busy.contains(id) {
                self.arm(id, None);
            }
        }
        ids
    }

    /// A schedule has done what it had to.
    pub fn finish(&mut self, id: &Text, done: Done, now: Micros) {
        self.busy.remove(id);
        let Some(Planned { what: What::Schedule(scheduled), .. }) = self.triggers.get_mut(id) else { return };
        let again = match done {
            Done::Until(last) => {
                scheduled.last = scheduled.last.max(last);
                (scheduled.unsure, scheduled.tries) = (false, 0);
                None
            }
            Done::Only(last) => {
                scheduled.last = scheduled.last.max(last.unwrap_or(scheduled.last));
                (scheduled.unsure, scheduled.tries) = (true, scheduled.tries.saturating_add(1));
                Some(now.saturating_add(pause(scheduled.tries)))
            }
        };
        // The clock may have been put back meanwhile.
        scheduled.put_back(now);
        self.arm(id, again);
    }

    /// Puts a schedule where it is due; not before `again`.
    fn arm(&mut self, id: &Text, again: Option<Micros>) {
        self.disarm(id);
        let Some(planned) = self.triggers.get(id) else { return };
        let What::Schedule(Scheduled { schedule, last, .. }) = &planned.what else { return };
        if planned.target.running.is_none() {
            return;
        }
        let Some(tick) = schedule.next_after(*last) else { return };
        let at = schedule.fires_at(id, tick).max(again.unwrap_or(Micros::MIN));
        self.due.insert((at, id.clone()));
        self.wakes.insert(id.clone(), at);
    }

    fn disarm(&mut self, id: &Text) {
        if let Some(at) = self.wakes.remove(id) {
            self.due.remove(&(at, id.clone()));
        }
    }

    /// Whether the end of any run starts anything.
    pub fn watches(&self) -> bool {
        !self.watched.is_empty()
    }

    pub fn watches_project(&self, tenant: &Text, project: &Text) -> bool {
        let from = (tenant.clone(), project.clone(), Text::default());
        self.watched.range(from..).next().is_some_and(|((of, within, _), _)| of == tenant && within == project)
    }

    /// The flows whose ends are waited for, and since when.
    pub fn watched(&self) -> Vec<((Text, Text, Text), Micros)> {
        let since = |ids: &BTreeSet<Text>| ids.iter().filter_map(|id| self.triggers.get(id)).map(|one| one.from).min();
        self.watched.iter().map(|(place, ids)| (place.clone(), since(ids).unwrap_or(Micros::MAX))).collect()
    }

    /// The triggers that wait for such an end of a run of this flow.
    pub fn waiting_for(&self, tenant: &Text, project: &Text, flow: &Text, status: Status) -> Vec<Planned> {
        let ids = self.watched.get(&(tenant.clone(), project.clone(), flow.clone()));
        let waits = |planned: &&Planned| match &planned.what {
            What::Event(watching) => watching.on.is_empty() || watching.on.contains(&status),
            What::Schedule(_) => false,
        };
        ids.into_iter().flatten().filter_map(|id| self.triggers.get(id)).filter(waits).cloned().collect()
    }
}

impl Scheduled {
    /// Whether it had come further than `now`; it has not any more.
    fn put_back(&mut self, now: Micros) -> bool {
        let ahead = self.last > now;
        if ahead {
            (self.last, self.unsure) = (now, true);
        }
        ahead
    }
}

impl Planned {
    fn last(&self) -> Option<Micros> {
        match &self.what {
            What::Schedule(scheduled) => Some(scheduled.last),
            What::Event(_) => None,
        }
    }

    pub fn scheduled(&self) -> Option<&Scheduled> {
        match &self.what {
            What::Schedule(scheduled) => Some(scheduled),
            What::Event(_) => None,
        }
    }
}

/// How long to wait before the next try: a second at first, a minute at most.
pub fn pause(tries: u32) -> Micros {
    const SECOND: Micros = 1_000_000;
    SECOND.saturating_mul(1 << tries.saturating_sub(1).min(6)).min(60 * SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use weir_runs::OnRuntime;

    const SECOND: Micros = 1_000_000;

    fn target(hash: Option<&str>) -> Arc<Target> {
        let running = hash.map(|hash| Running { hash: hash.into(), runtime: OnRuntime::Embedded });
        let [tenant, project, service, flow, name] = ["t", "p", "s", "f", "flow"].map(Text::from);
        Arc::new(Target { tenant, project, service, flow, name, running })
    }

    fn schedule(id: &str, seconds: u64, missed: &str, last: Micros, hash: Option<&str>) -> Planned {
        let json = json!({"every": {"interval": format!("{seconds}s")}, "missed": missed});
        let schedule = Arc::new(Schedule::read(&json).unwrap());
        let what = What::Schedule(Scheduled { schedule, input: Value::Null, last, unsure: true, tries: 0 });
        Planned { id: id.into(), name: id.into(), target: target(hash), from: 0, what }
    }

    fn event(id: &str, flow: &str, on: &[Status]) -> Planned {
        let what = What::Event(Watching { flow: flow.into(), on: on.to_vec(), allow_self: false });
        Planned { id: id.into(), name: id.into(), target: target(Some("h")), from: 5, what }
    }

    /// Fires everything that is due at a moment, and says what: `id@second`.
    fn fire(plan: &mut Plan, second: Micros) -> String {
        let mut fired = Vec::new();
        while let Some(work) = plan.take_due(second * SECOND) {
            fired.extend(work.ticks.iter().map(|tick| format!("{}@{}", work.id, tick / SECOND)));
            plan.finish(&work.id, Done::Until(work.last), second * SECOND);
        }
        fired.join(" ")
    }

    #[test]
    fn where_the_clock_goes_back_what_may_have_fired_is_fired_again_only_after_a_look() {
        let mut plan = Plan::default();
        plan.put(schedule("two", 2, "all", 0, Some("h")));
        plan.put(schedule("busy", 7, "all", 0, Some("h")));
        assert_eq!(fire(&mut plan, 6), "two@2 two@4 two@6");
        let work = plan.take_due(8 * SECOND).unwrap();
        assert_eq!(&*work.id, "busy");
        assert_eq!(plan.put_back(3 * SECOND), [("t".into(), "two".into())]);
        assert_eq!(plan.put_back(3 * SECOND), []);
        plan.finish(&work.id, Done::Until(work.last), 3 * SECOND);
        let again = plan.take_due(4 * SECOND).unwrap();
        assert_eq!((&*again.id, &*again.ticks, again.unsure), ("two", &[4 * SECOND][..], true));
        plan.finish(&again.id, Done::Until(again.last), 4 * SECOND);
        assert_eq!(plan.take_due(5 * SECOND), None);
        let (first, second) = (plan.take_due(7 * SECOND).unwrap(), plan.take_due(7 * SECOND).unwrap());
        assert_eq!((&*first.id, &*second.id, second.unsure), ("two", "busy", true));
    }

    #[test]
    fn what_is_due_fires_in_the_order_of_its_time_and_once() {
        let mut plan = Plan::default();
        plan.put(schedule("two", 2, "once", 0, Some("h")));
        plan.put(schedule("three", 3, "once", 0, Some("h")));
        for (second, expected) in [(1, ""), (2, "two@2"), (2, ""), (3, "three@3"), (6, "two@4 two@6 three@6"), (6, "")]
        {
            assert_eq!(fire(&mut plan, second), expected, "at {second}");
        }
        assert_eq!(plan.next_wake(), Some(8 * SECOND));
    }

    #[test]
    fn missed_ticks_follow_the_policy() {
        for (missed, expected) in [("skip", ""), ("once", "a@600"), ("all", "a@100 a@200 a@300 a@400 a@500 a@600")] {
            let mut plan = Plan::default();
            plan.put(schedule("a", 100, missed, 0, Some("h")));
            assert_eq!(fire(&mut plan, 690), expected, "{missed}");
            assert_eq!(fire(&mut plan, 700), "a@700", "{missed}");
        }
    }

    #[test]
    fn a_flow_that_is_switched_off_does_not_fire() {
        let mut plan = Plan::default();
        plan.put(schedule("a", 1, "skip", 0, Some("h")));
        assert_eq!(fire(&mut plan, 1), "a@1");
        plan.put(schedule("a", 1, "skip", 0, None));
        assert_eq!((plan.next_wake(), fire(&mut plan, 500)), (None, String::new()));
        plan.put(schedule("a", 1, "skip", 0, Some("h")));
        assert_eq!(fire(&mut plan, 1_000).split(' ').count(), 61);
    }

    #[test]
    fn what_is_being_fired_is_not_due_and_stays_fired_when_the_trigger_changes() {
        let mut plan = Plan::default();
        plan.put(schedule("a", 1, "all", 0, Some("h")));
        let work = plan.take_due(2 * SECOND).unwrap();
        assert_eq!(work.ticks, [SECOND, 2 * SECOND]);
        plan.put(schedule("a", 1, "all", 0, Some("other")));
        assert_eq!((plan.take_due(2 * SECOND), plan.next_wake()), (None, None));
        plan.finish(&work.id, Done::Until(work.last), 2 * SECOND);
        assert_eq!(fire(&mut plan, 3), "a@3");
        plan.take_due(4 * SECOND).unwrap();
        plan.remove(&"a".into());
        plan.finish(&"a".into(), Done::Until(4 * SECOND), 4 * SECOND);
        assert_eq!((plan.next_wake(), plan.get("a")), (None, None));
    }

    #[test]
    fn what_came_to_nothing_is_tried_again_later_and_later() {
        let mut plan = Plan::default();
        plan.put(schedule("a", 100, "all", 0, Some("h")));
        let mut now = 250 * SECOND;
        for (done, expected, pause) in [(None, vec![100, 200], 1), (Some(100), vec![100, 200], 2), (None, vec![200], 4)]
        {
            let work = plan.take_due(now).unwrap();
            assert_eq!(work.ticks, expected.into_iter().map(|tick| tick * SECOND).collect::<Vec<_>>());
            assert!(work.unsure);
            plan.finish(&work.id, Done::Only(done.map(|tick| tick * SECOND)), now);
            now += pause * SECOND;
            assert_eq!(plan.next_wake(), Some(now));
        }
        assert_eq!(pause(1_000), 60 * SECOND);
        assert_eq!(fire(&mut plan, now / SECOND), "a@200");
        assert!(!plan.get("a").unwrap().scheduled().unwrap().unsure);
    }

    #[test]
    fn ends_find_those_who_wait_for_them() {
        let mut plan = Plan::default();
        plan.put(event("any", "f1", &[]));
        plan.put(event("bad", "f1", &[Status::Failed, Status::TimedOut]));
        plan.put(event("other", "f2", &[]));
        let found = |plan: &Plan, project: &str, flow: &str, status| {
            let found = plan.waiting_for(&"t".into(), &project.into(), &flow.into(), status);
            found.iter().map(|planned| planned.id.to_string()).collect::<Vec<_>>().join(" ")
        };
        for (project, flow, status, expected) in [
            ("p", "f1", Status::Succeeded, "any"),
            ("p", "f1", Status::Failed, "any bad"),
            ("p", "f2", Status::Failed, "other"),
            ("p", "f3", Status::Failed, ""),
            ("q", "f1", Status::Failed, ""),
        ] {
            assert_eq!(found(&plan, project, flow, status), expected, "{project} {flow}");
        }
        let project = |plan: &Plan, name: &str| plan.watches_project(&"t".into(), &name.into());
        assert!(project(&plan, "p") && !project(&plan, "o") && !project(&plan, "q"));
        assert_eq!(plan.watched().len(), 2);
        ["any", "bad", "other"].iter().for_each(|id| plan.remove(&(*id).into()));
        assert!(!plan.watches());
    }
}
