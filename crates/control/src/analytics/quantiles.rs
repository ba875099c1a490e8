use sketches_ddsketch::{Config, DDSketch};

/// So many values are kept as they are.
const EXACT: usize = 10_000;

/// Of how long things took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quantiles {
    pub mean: f64,
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub most: f64,
    /// Exact, and not within 1 %.
    pub exact: bool,
}

/// Takes values one by one: exact up to a bound, a sketch of fixed size beyond it.
#[derive(Default)]
pub struct Sample {
    values: Vec<f64>,
    sketch: Option<DDSketch>,
    sum: f64,
    count: u64,
    most: f64,
}

impl Sample {
    pub fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
        self.most = self.most.max(value);
        match &mut self.sketch {
            Some(sketch) => sketch.add(value),
            None => self.values.push(value),
        }
        if self.values.len() > EXACT {
            let mut sketch = DDSketch::new(Config::defaults());
            std::mem::take(&mut self.values).into_iter().for_each(|value| sketch.add(value));
            self.sketch = Some(sketch);
        }
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }

    pub fn quantiles(&mut self) -> Quantiles {
        self.values.sort_by(f64::total_cmp);
        let at = |quantile| match &self.sketch {
            Some(sketch) => sketch.quantile(quantile).ok().flatten().unwrap_or_default(),
            None => nearest(&self.values, quantile),
        };
        let (p50, p95, p99) = (at(0.5), at(0.95), at(0.99));
        Quantiles { mean: self.mean(), p50, p95, p99, most: self.most, exact: self.sketch.is_none() }
    }
}

/// The smallest value that at least so large a part of all does not exceed.
fn nearest(sorted: &[f64], quantile: f64) -> f64 {
    let rank = (quantile * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(count: u64) -> Sample {
        let mut sample = Sample::default();
        // Each number once, in an order that is none.
        (0..count).for_each(|at| sample.add(((at * 7_919) % count + 1) as f64));
        sample
    }

    #[test]
    fn few_values_are_measured_exactly() {
        let found = sample(100).quantiles();
        assert_eq!(found, Quantiles { mean: 50.5, p50: 50.0, p95: 95.0, p99: 99.0, most: 100.0, exact: true });
        assert_eq!(sample(1).quantiles().p99, 1.0);
        assert_eq!(Sample::default().quantiles(), Quantiles { exact: true, ..Quantiles::default() });
    }

    #[test]
    fn many_values_are_measured_within_a_hundredth() {
        let found = sample(100_000).quantiles();
        assert!(!found.exact);
        for (found, expected) in [(found.p50, 50_000.0), (found.p95, 95_000.0), (found.p99, 99_000.0)] {
            assert!((found - expected).abs() <= expected * 0.0101, "{found} for {expected}");
        }
    }
}
