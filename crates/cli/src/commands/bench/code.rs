use super::parse::{parse_and_check, timed, tree_text};
use super::raw;
use super::row::{Row, Target};
use crate::load;
use futures::{StreamExt, TryStreamExt};
use std::time::Instant;
use weir_catalog::Catalog;
use weir_codegen::{Options, Project, generate};
use weir_toolchain::{Toolchain, Verifier};

const TIMES: usize = 41;
/// Projects that are checked one by one, and then two at a time.
const CHECKED: usize = 200;
const WARM: usize = 10;

/// A flow of 50 nodes as TypeScript; and one of 20 nodes with the verdict of warm compilers.
pub fn written() -> anyhow::Result<Vec<Row>> {
    let catalog = load::catalog()?;
    let mut rows = vec![unchecked(&catalog)?];
    let folder = crate::data::directory(None)?;
    let toolchain = crate::commands::toolchain::in_folder(&folder)?;
    if !toolchain.is_installed() {
        eprintln!(
            "checked code is left out: the compilers are not installed; `weir toolchain install` puts them there"
        );
        return Ok(rows);
    }
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    rows.extend(threads.block_on(checked(&catalog, toolchain))?);
    Ok(rows)
}

fn unchecked(catalog: &Catalog) -> anyhow::Result<Row> {
    let flow = parse_and_check(&tree_text(7, 6), catalog)?;
    let mut times = Vec::new();
    for _ in 0..TIMES {
        times.push(timed(|| generate(&flow, catalog, &Options::default()).map(drop).map_err(|_| refused()))?);
    }
    let median = raw::median(&mut times);
    Ok(Row::new("write a flow of 50 nodes as TypeScript", "processor time", Target::AtMost(2.0), median, "ms"))
}

fn refused() -> anyhow::Error {
    anyhow::anyhow!("the flow of the bench cannot be written as TypeScript")
}

/// Each time another literal, so that nothing has been seen before.
fn project(catalog: &Catalog, number: usize) -> anyhow::Result<Project> {
    let text = tree_text(1, 18).replace("step 2:", &format!("step {number} of many:"));
    let flow = parse_and_check(&text, catalog)?;
    generate(&flow, catalog, &Options::default()).map_err(|_| refused())
}

async fn checked(catalog: &Catalog, toolchain: Toolchain) -> anyhow::Result<Vec<Row>> {
    let verifier = Verifier::new(toolchain, weir_toolchain::Options::default());
    let bench = Bench { catalog, verifier };
    // Both processes are warm after a few.
    bench.together(0, WARM).await?;
    let (work, checked) = ("write a flow of 20 nodes as TypeScript and have it checked", bench.in_a_row(WARM).await?);
    let begun = Instant::now();
    bench.together(WARM + CHECKED, CHECKED).await?;
    let a_minute = CHECKED as f64 / begun.elapsed().as_secs_f64() * 60.0;
    Ok(vec![
        Row::new(work, "warm, p95", Target::AtMost(100.0), checked.at(95), "ms")
            .with("p50Ms", checked.at(50))
            .with("shareOfTsc", checked.share()),
        Row::new(work, "a minute, two at a time", Target::AtLeast(1_000.0), a_minute, "a minute"),
    ])
}

struct Bench<'a> {
    catalog: &'a Catalog,
    verifier: Verifier,
}

impl Bench<'_> {
    /// Milliseconds of the whole, and of TypeScript.
    async fn one(&self, number: usize) -> anyhow::Result<(f64, f64)> {
        let begun = Instant::now();
        let verdict = self.verifier.verify(&project(self.catalog, number)?.files).await?;
        anyhow::ensure!(verdict.passed(), "the compilers refuse the code of the bench: {verdict:?}");
        Ok((begun.elapsed().as_secs_f64() * 1e3, verdict.tsc_millis))
    }

    async fn in_a_row(&self, first: usize) -> anyhow::Result<Checked> {
        let mut checked = Checked::default();
        for number in first..first + CHECKED {
            let (whole, compiler) = self.one(number).await?;
            checked.whole.push(whole);
            checked.compiler += compiler;
        }
        checked.whole.sort_by(f64::total_cmp);
        Ok(checked)
    }

    async fn together(&self, first: usize, count: usize) -> anyhow::Result<()> {
        let all = futures::stream::iter(first..first + count).map(|number| self.one(number)).buffer_unordered(2);
        all.map(|done| done.map(drop)).try_collect().await
    }
}

/// Milliseconds, in order.
#[derive(Default)]
struct Checked {
    whole: Vec<f64>,
    compiler: f64,
}

impl Checked {
    fn at(&self, percent: usize) -> f64 {
        self.whole[self.whole.len() * percent / 100]
    }

    fn share(&self) -> f64 {
        self.compiler / self.whole.iter().sum::<f64>()
    }
}
