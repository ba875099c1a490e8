//! Numbers as text that Prometheus reads. What they are is said where they come from; here they get their names.

use crate::observe::HttpLoad;
use crate::readings::Reading;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::fmt;
use weir_control::Measures;
use weir_runs::{Distribution, FlowLoad, Load};

/// The media type of what [`text`] gives.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const WEBHOOK: &str = "/api/triggers/{flow_id}/webhook/{token}";

/// Microseconds are shown as seconds.
const SECOND: f64 = 1_000_000.0;

/// Everything that is shown at one moment.
pub struct Scrape {
    pub load: Load,
    /// None where the database does not answer: what does not need it is shown all the same.
    pub measures: Option<Measures>,
    pub http: Vec<HttpLoad>,
    pub subscribers: i64,
    pub ready: bool,
    pub readings: Vec<Reading>,
}

type Labels = Vec<(&'static str, String)>;

/// One series of a name: its labels and its number.
type Row = (Labels, Number);

enum Number {
    Counter(f64),
    Gauge(f64),
    Spread { of: Distribution, per: f64 },
}

struct Family {
    name: &'static str,
    about: &'static str,
    rows: Vec<Row>,
}

/// The numbers in the text format of OpenMetrics.
pub fn text(scrape: Scrape) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Families(families(&scrape))));
    let mut text = String::new();
    text::encode(&mut text, &registry)?;
    Ok(text)
}

struct Families(Vec<Family>);

impl fmt::Debug for Families {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Families")
    }
}

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.iter().filter(|family| !family.rows.is_empty()).try_for_each(|family| family.encode(&mut encoder))
    }
}

impl Family {
    fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let kind = match self.rows.first() {
            Some((_, Number::Counter(_))) => MetricType::Counter,
            Some((_, Number::Spread { .. })) => MetricType::Histogram,
            _ => MetricType::Gauge,
        };
        let mut metric = encoder.encode_descriptor(self.name, self.about, None, kind)?;
        for (labels, number) in &self.rows {
            match labels.is_empty() {
                true => number.encode(&mut metric)?,
                false => number.encode(&mut metric.encode_family(labels)?)?,
            }
        }
        Ok(())
    }
}

impl Number {
    fn encode(&self, metric: &mut MetricEncoder<'_>) -> fmt::Result {
        match self {
            Number::Counter(number) => metric.encode_counter::<NoLabelSet, f64, f64>(number, None),
            Number::Gauge(number) => metric.encode_gauge(number),
            Number::Spread { of, per } => {
                let bounds = of.bounds.iter().map(|bound| *bound as f64 / per).chain([f64::INFINITY]);
                let buckets: Vec<(f64, u64)> = bounds.zip(of.counts.iter().copied()).collect();
                metric.encode_histogram::<NoLabelSet>(of.sum as f64 / per, of.count(), &buckets, None)
            }
        }
    }
}

fn families(scrape: &Scrape) -> Vec<Family> {
    let mut all = of_flows(scrape);
    all.extend(of_runtime(&scrape.load));
    all.extend(of_requests(scrape));
    all.extend(of_tenants(scrape));
    all.extend(scrape.readings.iter().map(reading));
    all
}

/// The five series under the names they have in the platform's design, and each under ours. A counter's name is given
/// without the `_total` the format puts behind it.
fn of_flows(scrape: &Scrape) -> Vec<Family> {
    let states = scrape.measures.iter().flat_map(|measures| &measures.flows);
    let flows = twice(["nextra_flows_total", "weir_flows_total"], "Flows by status", || {
        states.clone().map(|(state, count)| (vec![("status", (*state).to_owned())], gauge(*count))).collect()
    });
    let ended = |load: &FlowLoad| {
        let labels = of_flow(load);
        let row = move |(status, count): &(weir_engine::Status, u64)| {
            let status = ("status", status.as_str().to_owned());
            (labels.iter().cloned().chain([status]).collect(), counter(*count))
        };
        load.ended.iter().map(row).collect::<Vec<Row>>()
    };
    let loads = &scrape.load.flows;
    let about = "Runs that have ended, by flow and how";
    let executions = twice(["nextra_executions", "weir_executions"], about, || loads.iter().flat_map(ended).collect());
    let about = "Records written to the journals of a flow's runs";
    let messages = twice(["nextra_pump_messages", "weir_pump_messages"], about, || {
        loads.iter().map(|load| (of_flow(load), counter(load.messages))).collect()
    });
    let requests = twice(["nextra_api_requests", "weir_api_requests"], "Requests by endpoint", || {
        scrape.http.iter().map(|load| (of_request(load), counter(load.durations.count()))).collect()
    });
    let rows = |number: fn(&FlowLoad) -> Number| loads.iter().map(|load| (of_flow(load), number(load))).collect();
    let started = Family {
        name: "weir_runs_started",
        about: "Runs that were accepted, by flow",
        rows: rows(|load| counter(load.started)),
    };
    let under_way = Family {
        name: "weir_attempts_under_way",
        about: "Attempts of steps that have begun and are not over, by flow",
        rows: rows(|load| Number::Gauge(load.under_way as f64)),
    };
    [flows, executions, messages, requests].into_iter().flatten().chain([started, under_way]).collect()
}

fn twice(names: [&'static str; 2], about: &'static str, rows: impl Fn() -> Vec<Row>) -> [Family; 2] {
    names.map(|name| Family { name, about, rows: rows() })
}

fn of_flow(load: &FlowLoad) -> Labels {
    let text = |text: &str| text.to_owned();
    vec![("tenant", text(&load.tenant)), ("project", text(&load.project)), ("flow", text(&load.flow))]
}

fn of_request(load: &HttpLoad) -> Labels {
    vec![("method", load.method.to_string()), ("endpoint", load.route.clone()), ("status", load.status.to_string())]
}

fn of_runtime(load: &Load) -> Vec<Family> {
    let one = |name, about, number| Family { name, about, rows: vec![(Vec::new(), number)] };
    let status = |status: weir_engine::Status| vec![("status", status.as_str().to_owned())];
    let runs = load.runs.iter().map(|(end, of)| (status(*end), seconds(of))).collect();
    let steps = load.steps.iter().map(|step| {
        let result = if step.failed { "failed" } else { "succeeded" };
        (vec![("kind", step.kind.to_string()), ("result", result.to_owned())], seconds(&step.durations))
    });
    let rows = load.rows_per_commit.clone();
    let open: u64 = load.open.iter().map(|(_, count)| u64::from(*count)).sum();
    vec![
        Family { name: "weir_run_duration_seconds", about: "From a run's acceptance to its end", rows: runs },
        Family {
            name: "weir_step_duration_seconds",
            about: "A step with all its attempts, by kind",
            rows: steps.collect(),
        },
        one("weir_runs_pending", "Runs that wait for their turn", gauge(load.pending)),
        one("weir_runs_open", "Runs that hold a place", gauge(open)),
        one("weir_runs_held", "Runs in memory", gauge(load.held)),
        one("weir_journal_commit_seconds", "How long a commit of journals took", seconds(&load.commits)),
        one("weir_journal_rows_per_commit", "Rows in one commit", Number::Spread { of: rows, per: 1.0 }),
        one("weir_journal_commit_failures", "Commits that failed", counter(load.failed_commits)),
        one(
            "weir_journal_stalled",
            "Whether nothing can be written at present, so that runs wait",
            gauge(u64::from(load.stalled.is_some())),
        ),
        one("weir_journal_stalls", "How often nothing could be written for a while", counter(load.stalls)),
        one("weir_journal_backlog_rows", "Rows that wait to be written", gauge(load.backlog)),
    ]
}

fn of_requests(scrape: &Scrape) -> Vec<Family> {
    let webhooks = scrape.http.iter().filter(|load| load.route == WEBHOOK);
    let webhooks = webhooks.map(|load| (vec![("status", load.status.to_string())], seconds(&load.durations)));
    let durations = scrape.http.iter().map(|load| (of_request(load), seconds(&load.durations)));
    let one = |name, about, number| Family { name, about, rows: vec![(Vec::new(), Number::Gauge(number))] };
    vec![
        Family {
            name: "weir_http_request_duration_seconds",
            about: "From a request's head to the head of its answer",
            rows: durations.collect(),
        },
        Family {
            name: "weir_webhook_answer_seconds",
            about: "From a webhook's request to its answer",
            rows: webhooks.collect(),
        },
        one("weir_sse_subscribers", "Open streams of events", scrape.subscribers as f64),
        one("weir_ready", "Whether requests are answered", f64::from(u8::from(scrape.ready))),
        one("weir_database_up", "Whether the database answers", f64::from(u8::from(scrape.measures.is_some()))),
    ]
}

fn of_tenants(scrape: &Scrape) -> Vec<Family> {
    let uses = || scrape.measures.iter().flat_map(|measures| &measures.limits);
    let labels = |tenant: &str, limit: &str| vec![("tenant", tenant.to_owned()), ("limit", limit.to_owned())];
    let used = uses().map(|found| (labels(&found.tenant, found.limit), gauge(found.used)));
    let allowed = uses().filter_map(|found| Some((labels(&found.tenant, found.limit), gauge(found.allowed?))));
    vec![
        Family {
            name: "weir_tenant_limit_used",
            about: "What the busiest tenants have used of their limits",
            rows: used.collect(),
        },
        Family {
            name: "weir_tenant_limit",
            about: "What they may use; nothing where there is no limit",
            rows: allowed.collect(),
        },
    ]
}

fn reading(reading: &Reading) -> Family {
    let number = if reading.rises { Number::Counter(reading.value) } else { Number::Gauge(reading.value) };
    let labels = reading.labels.iter().map(|(name, value)| (*name, value.clone())).collect();
    Family { name: reading.name, about: reading.about, rows: vec![(labels, number)] }
}

fn gauge(number: u64) -> Number {
    Number::Gauge(number as f64)
}

fn counter(number: u64) -> Number {
    Number::Counter(number as f64)
}

fn seconds(of: &Distribution) -> Number {
    Number::Spread { of: of.clone(), per: SECOND }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Method;
    use weir_engine::Status;
    use weir_runs::Meter;

    fn scrape() -> Scrape {
        let meter = Meter::of_durations();
        meter.record(3_000);
        let flow = FlowLoad {
            tenant: "t".into(),
            project: "p".into(),
            flow: "with \"quotes\"".into(),
            started: 3,
            ended: vec![(Status::Succeeded, 2)],
            messages: 12,
            under_way: 1,
        };
        let load = Load { flows: vec![flow], commits: meter.read(), pending: 4, ..Load::default() };
        let http = HttpLoad { method: Method::POST, route: WEBHOOK.into(), status: 202, durations: meter.read() };
        let measures = Measures { flows: vec![("running", 7)], limits: Vec::new() };
        Scrape { load, measures: Some(measures), http: vec![http], subscribers: 2, ready: true, readings: Vec::new() }
    }

    #[test]
    fn series_have_their_names() {
        let text = text(scrape()).unwrap();
        let expected = [
            "nextra_flows_total{status=\"running\"} 7.0",
            "weir_flows_total{status=\"running\"} 7.0",
            "nextra_executions_total{tenant=\"t\",project=\"p\",flow=\"with \\\"quotes\\\"\",status=\"succeeded\"} 2.0",
            "weir_pump_messages_total{tenant=\"t\",project=\"p\",flow=\"with \\\"quotes\\\"\"} 12.0",
            "nextra_api_requests_total{method=\"POST\",endpoint=\"/api/triggers/{flow_id}/webhook/{token}\",status=\"202\"} 1.0",
            "weir_journal_commit_seconds_bucket{le=\"0.005\"} 1",
            "weir_journal_commit_seconds_bucket{le=\"+Inf\"} 1",
            "weir_journal_commit_seconds_sum 0.003",
            "weir_webhook_answer_seconds_count{status=\"202\"} 1",
            "weir_runs_pending 4.0",
            "weir_sse_subscribers 2.0",
            "weir_database_up 1.0",
        ];
        for line in expected {
            assert!(text.lines().any(|found| found == line), "{line} is not in:\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn without_a_database_the_rest_is_shown() {
        let text = text(Scrape { measures: None, ..scrape() }).unwrap();
        assert!(text.contains("weir_database_up 0.0") && !text.contains("weir_flows_total"));
    }
}
