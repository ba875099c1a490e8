use super::database::{Data, Databases};
use super::row::{Row, Target};
use super::serve::{Server, Session, text, threads};
use super::{flows, raw, seed};
use std::time::Instant;
use weir_base::Value;

const RUNS: usize = 1_000_000;
/// How often each list is asked for.
const TIMES: usize = 40;

/// Lists of runs where there are a million, by every way to narrow them down.
pub fn of_a_million(databases: &Databases) -> anyhow::Result<Vec<Row>> {
    databases.each(|data| threads()?.block_on(on(data)))
}

async fn on(data: &Data) -> anyhow::Result<Vec<Row>> {
    let server = Server::start(data)?;
    let mut session = server.sign_in().await?;
    let mut ids = Vec::new();
    for number in 0..seed::FLOWS {
        ids.push(session.create(&format!("flow-{number}"), &flows::sequence(3)).await?);
    }
    let unused = session.create("unused", &flows::sequence(1)).await?;
    let first = session.running("first", &flows::sequence(3)).await?;
    let hook = session.webhook(&first, "result").await?;
    session.post(&hook, "{}").await?;
    server.stop()?;
    seed::copy_runs(data, RUNS, false)?;
    let server = Server::start(data)?;
    let mut session = server.sign_in().await?;
    let mut each = Vec::new();
    for (name, path) in lists(&ids, &unused) {
        let path = format!("/api/runs?limit=50{path}");
        session.get(&path).await?;
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            times.push(one(&mut session, &path).await?);
        }
        each.push((name, percentile(&mut times, 0.95)));
    }
    each.push(("pages one after the other", pages(&mut session, &format!("&flow={}", ids[3])).await?));
    let whole = whole_search(&mut session).await?;
    let worst = each.iter().map(|(_, p95)| *p95).fold(0.0, f64::max);
    let lists = Value::object(each.iter().map(|(name, p95)| (*name, Value::from(*p95))));
    let figure = format!("p95 of the slowest of {} filters{}", each.len(), data.suffix());
    Ok(vec![
        Row::new("list of runs, 1,000,000 stored", figure, Target::AtMost(50.0), worst, "ms")
            .with("p95Ms", lists)
            .with("textInAllRunsMs", whole),
    ])
}

/// Every way to narrow a list down, where much passes, where little does, and where nothing does.
fn lists(flows: &[String], unused: &str) -> Vec<(&'static str, String)> {
    let (some, odd) = (&flows[3], &flows[seed::FAILED % seed::FLOWS]);
    vec![
        ("all", String::new()),
        ("project", "&project=default".to_owned()),
        ("status succeeded", "&status=succeeded".to_owned()),
        ("status cancelled", "&status=cancelled".to_owned()),
        ("status failed: 1 of 1,000,000", "&status=failed".to_owned()),
        ("status running: none", "&status=running".to_owned()),
        ("three statuses", "&status=failed,timed_out,waiting".to_owned()),
        ("flow", format!("&flow={some}")),
        ("flow without runs", format!("&flow={unused}")),
        ("flow and status: 1 run", format!("&flow={odd}&status=failed")),
        ("flow and status: none", format!("&flow={some}&status=failed")),
        ("since", "&since=2026-01-20T00:00:00Z".to_owned()),
        ("until, long ago", "&until=2026-01-03T00:00:00Z".to_owned()),
        ("between", "&since=2026-01-10T00:00:00Z&until=2026-01-10T01:00:00Z".to_owned()),
        ("flow, between", format!("&flow={some}&since=2026-01-10T00:00:00Z&until=2026-01-10T06:00:00Z")),
        ("text in every run", "&text=order".to_owned()),
        ("text in one run", "&text=777777".to_owned()),
        ("text in no run", "&text=nothing-says-this".to_owned()),
        ("text, flow and time", format!("&flow={some}&text=order&until=2026-01-20T00:00:00Z")),
        ("without trials", "&trials=without".to_owned()),
        ("trials: none", "&trials=only".to_owned()),
        ("what started it", "&trigger=webhook".to_owned()),
        ("took a second: none", "&minDuration=1000".to_owned()),
    ]
}

async fn one(session: &mut Session, path: &str) -> anyhow::Result<f64> {
    let begun = Instant::now();
    session.get(path).await?;
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}

/// One page after the other, as somebody who reads on.
async fn pages(session: &mut Session, filter: &str) -> anyhow::Result<f64> {
    let (mut times, mut after) = (Vec::new(), String::new());
    for _ in 0..TIMES {
        let begun = Instant::now();
        let page = session.get(&format!("/api/runs?limit=50{filter}{after}")).await?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        after = format!("&after={}", text(&page, "next")?);
    }
    Ok(percentile(&mut times, 0.95))
}

/// How long it takes to look for a text in all runs, page by page.
async fn whole_search(session: &mut Session) -> anyhow::Result<f64> {
    let (begun, mut after) = (Instant::now(), String::new());
    loop {
        let page = session.get(&format!("/api/runs?text=nothing-says-this{after}")).await?;
        match page.get("next").and_then(Value::as_str) {
            Some(next) => after = format!("&after={next}"),
            None => return Ok(begun.elapsed().as_secs_f64() * 1e3),
        }
    }
}

pub fn percentile(times: &mut [f64], share: f64) -> f64 {
    raw::median(times);
    times.get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}
