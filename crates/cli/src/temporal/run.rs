use super::address::{address, told};
use crate::args::Run;
use crate::commands::run::{exit_of, print_end, refused_input};
use crate::exit::{Exit, UsageError};
use crate::progress::Display;
use crate::stop::Stop;
use crate::{compose, load, summary};
use anyhow::Context;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use weir_base::{Text, Value};
use weir_engine::{Event, EventBody, Machine, Plan};
use weir_ir::Flow;
use weir_runs::{FlowSource, LogView, Progress, ProgressBody, ReplayView, RunView};
use weir_runtime::{Clock, SystemClock};
use weir_store::Place;
use weir_temporal::{Begin, Cluster, Follower, News, Rules, State, TemporalError, input_of, names};

/// How often the run is asked for news: at first often, later less so. Its end is heard of as soon as it comes.
const SOONEST: Duration = Duration::from_millis(50);
const LATEST: Duration = Duration::from_secs(1);

/// How long a worker may take to be known to the cluster.
const ARRIVAL: Duration = Duration::from_secs(3);

/// After so long without an answer, whoever waits is told.
const SILENCE: Duration = Duration::from_secs(5);

pub fn run(args: &Run, source: Option<FlowSource>, input: Value) -> anyhow::Result<Exit> {
    let source = source.context("there is no flow to run")?;
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let exit = threads.block_on(carry(args, source, input));
    threads.shutdown_background();
    exit
}

async fn carry(args: &Run, source: FlowSource, input: Value) -> anyhow::Result<Exit> {
    let mut stop = Stop::listen()?;
    let address = address(&args.cluster).await?;
    let cluster = Cluster::connect(&address).await.map_err(told)?;
    let begin =
        begin(args, &source.flow, input, address.codec.as_ref().is_some_and(|codec| codec.blobs.is_some())).await?;
    let started = input_of(&begin, &load::catalog()?, None).map_err(refused_input)?;
    find_worker(&cluster, &begin.queue).await.map_err(told)?;
    cluster.begin(&begin, started).await.map_err(told)?;
    let mut seen = Seen::new(args, &source.flow);
    seen.display.line(&format!("run {} of {}", begin.run, source.flow.name));
    let mut follower = cluster.follow(begin.run.clone());
    let state = tokio::select! {
        state = follow(&cluster, &begin.run, &mut follower, &mut seen, args.no_wait) => state?,
        () = stop.asked() => {
            seen.display.finish();
            crate::errln!("the run goes on at {}: {}", address.address, begin.run);
            return Ok(Exit::Waiting);
        }
    };
    seen.display.finish();
    told_end(args, &source.flow, &state, &seen)
}

/// One that has just been started is not known at once.
async fn find_worker(cluster: &Cluster, queue: &str) -> Result<(), TemporalError> {
    let until = tokio::time::Instant::now() + ARRIVAL;
    loop {
        match cluster.require_worker(queue).await {
            Err(TemporalError::NoWorker { .. }) if tokio::time::Instant::now() < until => {
                tokio::time::sleep(SOONEST).await;
            }
            found => return found,
        }
    }
}

async fn begin(args: &Run, flow: &Flow, input: Value, has_blobs: bool) -> anyhow::Result<Begin> {
    let project = args.place.project.as_str();
    let place = Place { tenant: "".into(), project: project.into(), service: args.place.service.as_str().into() };
    let queue = match (&flow.settings.task_queue, args.own_queue) {
        (_, true) => names::project_queue(&args.cluster.task_queue, "", project),
        (Some(queue), _) if args.cluster.task_queue == names::QUEUE => queue.to_string(),
        _ => args.cluster.task_queue.clone(),
    };
    let rules = Rules {
        store_queue: Some(names::store_queue(&queue)),
        queues: queues(&args.kind_queue)?,
        max_payload: if has_blobs { None } else { Rules::default().max_payload },
        ..Rules::default()
    };
    let run: Text = weir_runtime::new_run_id();
    let (cause, library, at) = (None, library(args, flow, &place).await, SystemClock.now());
    Ok(Begin { run, flow: flow.clone(), input, place, cause, library, rules, queue, at })
}

/// The flows beside the file that its calls name outright, and theirs.
async fn library(args: &Run, flow: &Flow, place: &Place) -> BTreeMap<Text, Flow> {
    let folder = args.file.as_deref().map(crate::loader::folder_of).map(Into::into).unwrap_or_default();
    let finder = compose::beside(folder, args.bind.clone());
    let mut library = BTreeMap::new();
    let mut open = weir_temporal::called(flow);
    while let Some(name) = open.pop() {
        if !library.contains_key(&name)
            && let Some(source) = finder.find(place, &name).await
        {
            open.extend(weir_temporal::called(&source.flow));
            library.insert(name, source.flow.clone());
        }
    }
    library
}

fn queues(given: &[String]) -> anyhow::Result<BTreeMap<Text, String>> {
    let one = |text: &String| {
        let (kind, queue) = text.split_once('=').filter(|(kind, queue)| !kind.is_empty() && !queue.is_empty())?;
        Some((kind.into(), queue.to_owned()))
    };
    let read = |text| one(text).ok_or_else(|| UsageError(format!("--kind-queue {text}: write KIND=QUEUE")).into());
    given.iter().map(read).collect()
}

/// Follows the run to its end, or until it only waits where that is enough.
async fn follow(
    cluster: &Cluster,
    run: &str,
    follower: &mut Follower,
    seen: &mut Seen,
    until_it_waits: bool,
) -> anyhow::Result<State> {
    let (mut pause, mut has_ended) = (SOONEST, false);
    let mut end = pin!(cluster.wait(run));
    loop {
        match seen.news(run, follower).await {
            Ok(news) if news.records.is_empty() && news.logs.is_empty() => seen.is_silent = false,
            Ok(news) => {
                (pause, seen.is_silent) = (SOONEST, false);
                seen.take(news)?;
                continue;
            }
            // The server, or the last worker, may be on its way up again.
            Err(error) => {
                tracing::debug!("no news: {error}");
                seen.hears_nothing(run);
            }
        }
        if let Ok(state) = cluster.state(run).await {
            let waits = until_it_waits && !state.waiting.is_empty() && state.status == weir_engine::Status::Waiting;
            if (state.status.is_final() || waits) && seen.seq >= state.seq {
                if state.status.is_final() && !has_ended {
                    end.await.map_err(told)?;
                }
                return Ok(state);
            }
        }
        // What it came to by itself was said above.
        if has_ended && let Some(torn) = cluster.torn(run).await.map_err(told)? {
            return Err(told(torn));
        }
        tokio::select! {
            ended = &mut end, if !has_ended => {
                ended.map_err(told)?;
                (has_ended, pause) = (true, SOONEST);
            }
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LATEST),
        }
    }
}

/// What was seen of a run so far: it is folded again here, so that it looks as it does anywhere.
struct Seen {
    display: Display,
    plan: Arc<Plan>,
    machine: Option<Machine>,
    events: Vec<weir_engine::Numbered>,
    logs: Vec<LogView>,
    seq: u64,
    /// The server does not answer, and that was said.
    is_silent: bool,
}

impl Seen {
    fn new(args: &Run, flow: &Flow) -> Self {
        let (display, plan) = (Display::new(args.json), Arc::new(Plan::new(flow)));
        Self { display, plan, machine: None, events: Vec::new(), logs: Vec::new(), seq: 0, is_silent: false }
    }

    /// Says so once, until there is news again.
    fn hears_nothing(&mut self, run: &str) {
        if !std::mem::replace(&mut self.is_silent, true) {
            let said = format!(
                "no answer from the Temporal server, or no worker is left; waiting. Ctrl-C leaves run {run} to go on there"
            );
            self.display.line(&said);
        }
    }

    /// What has come since the last look, however long that takes.
    async fn news(&mut self, run: &str, follower: &mut Follower) -> Result<News, TemporalError> {
        let mut news = pin!(follower.news());
        if let Ok(soon) = tokio::time::timeout(SILENCE, &mut news).await {
            return soon;
        }
        self.hears_nothing(run);
        news.await
    }

    fn take(&mut self, news: News) -> anyhow::Result<()> {
        for log in news.logs {
            self.show(log.at, ProgressBody::Log(log.clone()));
            self.logs.push(log);
        }
        for record in news.records {
            let event = record.decode()?;
            self.fold(&event);
            self.seq = record.seq;
            self.events.push((record.seq, event));
        }
        Ok(())
    }

    fn fold(&mut self, event: &Event) {
        match (&mut self.machine, &event.body) {
            (None, EventBody::Started(started)) => {
                self.machine = Some(Machine::traced(self.plan.clone(), started, event.at));
            }
            (Some(machine), _) => machine.handle(event),
            (None, _) => return,
        }
        let trace = self.machine.as_mut().map(|machine| {
            while machine.poll().is_some() {}
            machine.take_trace()
        });
        for step in trace.into_iter().flatten() {
            self.show(step.at, ProgressBody::Step(step));
        }
    }

    fn show(&mut self, at: weir_base::Micros, body: ProgressBody) {
        self.display.see(&Progress { run: "".into(), at, body });
    }
}

fn told_end(args: &Run, flow: &Flow, state: &State, seen: &Seen) -> anyhow::Result<Exit> {
    if args.json {
        crate::show::out(summary::of_run(&replayed(flow, state, seen)?, &seen.logs).to_json());
    } else {
        print_end(&view(state), "the cluster carries it on");
    }
    Ok(exit_of(state.status))
}

fn view(state: &State) -> RunView {
    let state = state.clone();
    RunView {
        run: state.run,
        flow: state.flow,
        version: state.version,
        status: state.status,
        output: state.output,
        error: state.error,
        created_at: state.created_at,
        started_at: Some(state.created_at),
        ended_at: state.status.is_final().then_some(state.at),
        waiting: state.waiting,
        wake_at: state.wake_at,
        cause: state.cause,
    }
}

fn replayed(flow: &Flow, state: &State, seen: &Seen) -> anyhow::Result<ReplayView> {
    let rehearsal = weir_runtime::rehearse(flow, &seen.events)?;
    Ok(ReplayView {
        run: state.run.clone(),
        flow: state.flow.clone(),
        version: state.version.clone(),
        seq: state.seq,
        at: state.at,
        status: state.status,
        output: rehearsal.output,
        error: rehearsal.error,
        variables: rehearsal.variables,
        signals: Vec::new(),
        open: Vec::new(),
        steps: rehearsal.steps,
        warnings: Vec::new(),
    })
}
