mod generate;
mod javascript;
mod laws;
mod number;

use proptest::test_runner::{Config, RngSeed};

/// The same cases on every run; another seed, or more cases, by hand with `EXPR_SEED` and `EXPR_CASES`.
fn config(cases: u32) -> Config {
    let given = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    let seed = RngSeed::Fixed(given("EXPR_SEED").map_or(1, u64::from));
    Config {
        cases: given("EXPR_CASES").unwrap_or(cases),
        rng_seed: seed,
        failure_persistence: None,
        ..Config::default()
    }
}
