//! Measuring: the same work by many workers for a while, and what the rounds say together.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use serde::Serialize;

use crate::BenchError;

/// So many workers for so long.
type Round = Box<dyn Fn(usize, Duration) -> BoxFuture<'static, Result<Sample, BenchError>> + Send + Sync>;

/// Something that is measured beside others.
pub(crate) struct Contender {
    name: &'static str,
    round: Round,
}

impl Contender {
    /// One piece of work, done by a numbered worker.
    pub(crate) fn new<F>(name: &'static str, work: impl Fn(usize) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), BenchError>> + Send + 'static,
    {
        let work = Arc::new(work);
        Self::of_rounds(name, move |concurrency, duration| sample(Arc::clone(&work), concurrency, duration))
    }

    /// One that counts for itself.
    pub(crate) fn of_rounds<F>(
        name: &'static str,
        round: impl Fn(usize, Duration) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Sample, BenchError>> + Send + 'static,
    {
        Self { name, round: Box::new(move |concurrency, duration| Box::pin(round(concurrency, duration))) }
    }
}

/// What one round of one contender gave.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sample {
    /// Pieces of work a second, all workers together.
    pub(crate) per_second: f64,
    /// Half of the pieces took at most so long, in milliseconds.
    pub(crate) p50: f64,
    /// All but a hundredth took at most so long, in milliseconds.
    pub(crate) p99: f64,
}

impl Sample {
    /// Of how long each part took of pieces that have so many parts.
    pub(crate) fn of(mut took: Vec<Duration>, parts: usize, elapsed: Duration) -> Self {
        took.sort();
        #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
        let per_second = (took.len() / parts) as f64 / elapsed.as_secs_f64();
        Self { per_second, p50: percentile(&took, 50), p99: percentile(&took, 99) }
    }
}

/// The rounds of one contender at one concurrency.
#[derive(Debug, Serialize)]
pub(crate) struct Series {
    pub(crate) contender: &'static str,
    pub(crate) concurrency: usize,
    pub(crate) rounds: Vec<Sample>,
    /// What else was measured, round by round.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) more: BTreeMap<&'static str, Vec<f64>>,
}

impl Series {
    pub(crate) const fn new(contender: &'static str, concurrency: usize) -> Self {
        Self { contender, concurrency, rounds: Vec::new(), more: BTreeMap::new() }
    }

    /// Adds what a round has shown beside its sample.
    pub(crate) fn note(&mut self, what: &'static str, figure: f64) {
        self.more.entry(what).or_default().push(figure);
    }

    /// The median over the rounds of one figure.
    pub(crate) fn median(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        median(self.rounds.iter().map(of).collect())
    }

    /// The least and the most.
    pub(crate) fn spread(&self, of: impl Fn(&Sample) -> f64) -> (f64, f64) {
        let figures = self.rounds.iter().map(of);
        figures.fold((f64::INFINITY, 0.0), |(least, most), it| (least.min(it), most.max(it)))
    }

    /// The median over the rounds of this series' figure in relation to the other's of the same round.
    pub(crate) fn ratio(&self, to: &Self, of: impl Fn(&Sample) -> f64) -> f64 {
        median(self.rounds.iter().zip(&to.rounds).map(|(mine, other)| of(mine) / of(other)).collect())
    }
}

pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Measures all contenders at each concurrency, in interleaved rounds; before the first, each warms up.
pub(crate) async fn interleaved(
    contenders: &[Contender],
    concurrencies: &[usize],
    rounds: usize,
    seconds: f64,
) -> Result<Vec<Series>, BenchError> {
    let mut all = Vec::new();
    for &concurrency in concurrencies {
        let mut series: Vec<Series> = contenders.iter().map(|it| Series::new(it.name, concurrency)).collect();
        for it in contenders {
            (it.round)(concurrency, Duration::from_secs_f64(seconds / 4.0)).await?;
        }
        for round in 0..rounds {
            // Who goes first changes from round to round, so that nobody profits from the place.
            for n in 0..contenders.len() {
                let n = (n + round) % contenders.len();
                let taken = (contenders[n].round)(concurrency, Duration::from_secs_f64(seconds)).await?;
                series[n].rounds.push(taken);
            }
        }
        all.extend(series);
    }
    Ok(all)
}

async fn sample<F>(
    work: Arc<impl Fn(usize) -> F + Send + Sync + 'static>,
    concurrency: usize,
    duration: Duration,
) -> Result<Sample, BenchError>
where
    F: Future<Output = Result<(), BenchError>> + Send + 'static,
{
    let begun = Instant::now();
    let until = begun + duration;
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..concurrency {
        let work = Arc::clone(&work);
        workers.spawn(async move {
            let mut took = Vec::new();
            while Instant::now() < until {
                let begun = Instant::now();
                work(worker).await?;
                took.push(begun.elapsed());
            }
            Ok::<_, BenchError>(took)
        });
    }
    let mut took = Vec::new();
    while let Some(done) = workers.join_next().await {
        took.extend(done??);
    }
    Ok(Sample::of(took, 1, begun.elapsed()))
}

/// Of sorted times, in milliseconds.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(f64::NAN, |took| took.as_secs_f64() * 1_000.0)
}
