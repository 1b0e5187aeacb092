//! `ganymede bench-worker`: the side of ours that is measured.

use std::io::BufRead;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use ganymede_tensor::{DType, Device, Rng, simd_features};

use super::args::WorkerArgs;
use super::case::Case;
use super::protocol::{Answer, Question};
use super::{conv, cures, gan, metrics, process, update, watch};
use crate::{Exit, machine, words};

/// Something prepared, of which parts can be done again and again.
pub(super) trait Work {
    /// Does one part once.
    fn run(&mut self, part: &str) -> Result<()>;

    /// Parameters of the generator and of the discriminator, where there are two.
    fn parameters(&self) -> Option<[usize; 2]> {
        None
    }
}

pub(crate) fn run(args: &WorkerArgs) -> Result<Exit> {
    machine::start_threads(args.threads)?;
    answer(&Answer::Hello {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        threads: rayon::current_num_threads(),
        vectors: simd_features().join(" "),
    })?;
    let mut work: Option<Box<dyn Work>> = None;
    for line in std::io::stdin().lock().lines() {
        let reply = serde_json::from_str(&line?).map_err(Into::into).and_then(|q| reply(q, &mut work));
        answer(&reply.unwrap_or_else(|error| Answer::Failed { message: format!("{error:#}") }))?;
    }
    Ok(Exit::Done)
}

fn answer(answer: &Answer) -> Result<()> {
    words::result(&serde_json::to_string(answer)?);
    Ok(())
}

fn reply(question: Question, work: &mut Option<Box<dyn Work>>) -> Result<Answer> {
    Ok(match question {
        Question::Gemm { size } => Answer::Time { seconds: gemm(size)?, calls: 1 },
        Question::Prepare { case } => {
            *work = None;
            let made = work.insert(prepare(&case)?);
            Answer::Ready { parameters: made.parameters() }
        }
        Question::Measure { part, seconds } => {
            let work = work.as_mut().context("nothing was prepared")?;
            measure(work.as_mut(), &part, seconds)?
        }
        Question::Usage => Answer::Usage(process::usage()),
    })
}

fn prepare(case: &Case) -> Result<Box<dyn Work>> {
    Ok(match case {
        Case::Conv(shape) => Box::new(conv::Layer::new(shape)?),
        Case::Step { recipe, batch } => Box::new(gan::Step::new(*recipe, *batch)?),
        Case::Penalty { penalty, batch } => Box::new(gan::PenaltyAlone::new(*penalty, *batch)?),
        Case::Update { rule, lengths } => update::prepare(*rule, lengths)?,
        Case::Metric(metric) => metrics::prepare(metric)?,
        Case::Cure { sets, .. } => Box::new(cures::Cured::new(sets)?),
        Case::Watched { preset, batch } => Box::new(watch::Watched::new(preset, *batch)?),
    })
}

fn measure(work: &mut dyn Work, part: &str, seconds: f64) -> Result<Answer> {
    if !(0.0..1e6).contains(&seconds) {
        bail!("{seconds} is no time to measure for");
    }
    let start = Instant::now();
    for calls in 1.. {
        work.run(part)?;
        let passed = start.elapsed().as_secs_f64();
        if passed >= seconds {
            return Ok(Answer::Time { seconds: passed / calls as f64, calls });
        }
    }
    unreachable!("time passes")
}

/// The fastest of twenty products: what this machine can do, not what it happens to do.
fn gemm(size: usize) -> Result<f64> {
    let mut rng = Rng::new(0);
    let mut draw = || rng.normal((size, size), DType::F32, &Device::Cpu);
    let (a, b) = (draw()?, draw()?);
    let mut best = f64::INFINITY;
    for _ in 0..20 {
        let start = Instant::now();
        a.matmul(&b)?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::super::args::Benchmark;
    use super::super::case::{MetricKind, Recipe};
    use super::super::tables::rows;
    use super::*;

    /// The same case, of a size that takes no time.
    fn small(case: Case) -> Case {
        match case {
            Case::Step { recipe, .. } => Case::Step { recipe, batch: 2 },
            Case::Penalty { penalty, .. } => Case::Penalty { penalty, batch: 2 },
            Case::Update { rule, .. } => Case::Update { rule, lengths: vec![3, 40_000] },
            Case::Metric(MetricKind::Frechet { .. }) => Case::Metric(MetricKind::Frechet { dim: 9 }),
            Case::Metric(_) => Case::Metric(MetricKind::Prdc { rows: 30, dim: 9 }),
            Case::Cure { name, mut sets } => {
                sets.extend(["run.batch=4", "generator.width=2", "discriminator.width=4"].map(str::to_owned));
                Case::Cure { name, sets }
            }
            Case::Watched { preset, .. } => Case::Watched { preset, batch: 4 },
            Case::Conv(_) => case,
        }
    }

    /// Products of a sample's forward pass in both networks.
    const LARGE: u128 = 300_000_000;

    fn is_large(recipe: Recipe) -> bool {
        let networks = gan::Networks::of(recipe).unwrap();
        networks.generator.products + networks.discriminator.products > LARGE
    }

    #[test]
    fn every_row_but_convolutions_can_be_prepared_and_run_twice() {
        let all = [
            Benchmark::Step,
            Benchmark::Grad2,
            Benchmark::Update,
            Benchmark::Metrics,
            Benchmark::Cures,
            Benchmark::Monitor,
        ];
        for benchmark in all {
            // Steps of the largest take minutes here, and go the way of the others.
            let is_small = |case: &Case| !matches!(case, Case::Step { recipe, .. } if is_large(*recipe));
            for case in rows(benchmark).into_iter().map(small).filter(is_small) {
                let mut work = prepare(&case).unwrap();
                for part in case.parts() {
                    let Answer::Time { calls, seconds } = measure(work.as_mut(), part, 0.0).unwrap() else {
                        panic!("{case:?} gives no time");
                    };
                    assert!(calls == 1 && seconds > 0.0);
                    work.run(part).unwrap();
                }
            }
        }
    }

    #[test]
    fn the_sizes_of_both_networks_are_those_that_work_is_counted_from() {
        // First weights of the largest take long, and tests of the networks know their sizes.
        for recipe in Recipe::ALL.into_iter().filter(|recipe| !is_large(*recipe)) {
            let step = gan::Step::new(recipe, 2).unwrap();
            let networks = gan::Networks::of(recipe).unwrap();
            let known = [networks.generator, networks.discriminator].map(|size| size.parameters() as usize);
            assert_eq!(step.parameters(), Some(known), "{recipe:?}");
        }
    }

    #[test]
    fn a_question_out_of_order_is_an_error() {
        let question = Question::Measure { part: "dx".to_owned(), seconds: 0.0 };
        assert!(reply(question, &mut None).is_err());
    }
}
