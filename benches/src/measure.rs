//! Measuring short jobs: contenders take turns, and the best of many rounds counts.

use crate::Contender;
use std::time::{Duration, Instant};

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Turns of each contender.
    pub rounds: u32,
    /// Length of one turn.
    pub turn: Duration,
}

impl Effort {
    /// The effort for numbers to quote.
    pub const FULL: Self = Self { rounds: 60, turn: Duration::from_micros(800) };
    /// The effort for a first look.
    pub const QUICK: Self = Self { rounds: 12, turn: Duration::from_micros(300) };
}

/// Nanoseconds that each contender takes for its job once, in their order.
///
/// Taking turns spreads other work of the machine over all contenders; the minimum leaves it out.
pub fn nanoseconds(contenders: &mut [Contender<'_>], effort: Effort) -> Vec<f64> {
    let repetitions: Vec<u32> =
        contenders.iter_mut().map(|contender| repetitions(contender, effort.turn)).collect();
    let mut best = vec![f64::INFINITY; contenders.len()];
    for _ in 0..effort.rounds {
        for (index, contender) in contenders.iter_mut().enumerate() {
            let start = Instant::now();
            for _ in 0..repetitions[index] {
                (contender.run)();
            }
            let time = start.elapsed().as_nanos() as f64 / f64::from(repetitions[index]);
            best[index] = best[index].min(time);
        }
    }
    best
}

/// How often the job fits into one turn; warms up as well.
fn repetitions(contender: &mut Contender<'_>, turn: Duration) -> u32 {
    let mut count = 1;
    loop {
        let start = Instant::now();
        for _ in 0..count {
            (contender.run)();
        }
        if start.elapsed() >= turn / 2 {
            return count * 2;
        }
        count *= 2;
    }
}

/// The geometric mean; `None` without values.
pub fn geometric_mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let sum: f64 = values.iter().map(|value| value.ln()).sum();
    Some((sum / values.len() as f64).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_geometric_mean_of_a_half_and_two_is_one() {
        let mean = geometric_mean(&[0.5, 2.0]).unwrap();
        assert!((mean - 1.0).abs() < 1e-12);
        assert_eq!(geometric_mean(&[]), None);
    }

    #[test]
    fn every_contender_gets_a_finite_time() {
        let mut contenders = [Contender::new("one", || 1), Contender::new("two", || 2)];
        let times =
            nanoseconds(&mut contenders, Effort { rounds: 1, turn: Duration::from_micros(1) });
        assert_eq!(times.len(), 2);
        assert!(times.iter().all(|time| time.is_finite()));
    }
}
