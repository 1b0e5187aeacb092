//! What is to be done to runs, and what came of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};

use super::moments::Moment;

/// The least number of kills while a checkpoint is written, and while samples are measured.
const LEAST: usize = 10;
/// Kills of one run.
const A_RUN: u64 = 4;

/// An aim that was missed so often is given up.
const MOST_MISSED: u32 = 8;
/// How often kills are added where too few were met.
const REFILLS: usize = 3;

/// When and how to end a run before its time. Numbers in it are drawn at random.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Aim {
    pub(crate) what: What,
    /// In 0 .. 1: how far into whatever it is.
    pub(crate) at: f64,
    /// Chances of that kind to let pass first.
    pub(crate) skip: u64,
    doubled: bool,
    /// How often there was no such moment.
    missed: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum What {
    Anywhere,
    Checkpoint,
    Measuring,
    /// SIGTERM at any instant: no kill.
    Polite,
}

impl Aim {
    pub(crate) fn is_polite(self) -> bool {
        self.what == What::Polite
    }

    /// Whether two processes are to resume at once.
    pub(crate) fn is_doubled(self) -> bool {
        self.doubled
    }
}

/// Aims that are left, and counts of what was done.
pub(crate) struct Plan {
    random: Random,
    left: Vec<Aim>,
    /// How often kills were added.
    refills: usize,
    /// Runs that are under way.
    running: usize,
    kills: usize,
    /// Of each moment: how many, and how many in runs that came out right.
    counts: BTreeMap<Moment, (usize, usize)>,
    /// Of each recipe.
    runs: BTreeMap<&'static str, usize>,
    failed: Vec<PathBuf>,
}

impl Plan {
    pub(crate) fn new(kills: usize, seed: u64) -> Self {
        let mut random = Random(seed);
        let special = (kills / 6).max(LEAST).min(kills / 3);
        let polite = kills / 8;
        let mut left: Vec<Aim> = (0..kills + polite)
            .map(|i| match i {
                i if i < special => What::Checkpoint,
                i if i < 2 * special => What::Measuring,
                i if i < kills => What::Anywhere,
                _ => What::Polite,
            })
            .map(|what| random.aim(what))
            .collect();
        for i in (1..left.len()).rev() {
            left.swap(i, (random.next() % (i as u64 + 1)) as usize);
        }
        Self {
            random,
            left,
            refills: 0,
            running: 0,
            kills,
            counts: BTreeMap::new(),
            runs: BTreeMap::new(),
            failed: Vec::new(),
        }
    }

    /// The aims of one run; none when all is done.
    pub(crate) fn take(&mut self) -> Vec<Aim> {
        // What those under way will meet is known when they are through.
        if self.left.is_empty() && self.running == 0 && self.refills < REFILLS {
            self.refills += 1;
            self.fill_up();
        }
        self.running += usize::from(!self.left.is_empty());
        let count = 1 + self.random.next() % A_RUN;
        let at = self.left.len().saturating_sub(count as usize);
        self.left.split_off(at)
    }

    /// More kills where too few were where they were meant to be.
    fn fill_up(&mut self) {
        let least = LEAST.min(self.kills / 3);
        for (moment, what) in [(Moment::Checkpoint, What::Checkpoint), (Moment::Measuring, What::Measuring)] {
            let done = self.counts.get(&moment).map_or(0, |count| count.0);
            for _ in done..least {
                let aim = self.random.aim(what);
                self.left.push(aim);
            }
        }
        let done: usize =
            self.counts.iter().filter(|(moment, _)| moment.is_kill()).map(|(_, count)| count.0).sum();
        for _ in done + self.left.len()..self.kills {
            let aim = self.random.aim(What::Anywhere);
            self.left.push(aim);
        }
    }

    pub(crate) fn put_back(&mut self, aim: Aim) {
        // Sooner, so that it is met the next time.
        let next = Aim { at: aim.at / 2.0, skip: aim.skip / 2, missed: aim.missed + 1, ..aim };
        if next.missed < MOST_MISSED {
            self.left.insert(0, next);
        }
    }

    /// What was done to a run, and whether it came out right or else where it lies.
    pub(crate) fn note(&mut self, recipe: &'static str, moments: Vec<Moment>, result: Result<(), PathBuf>) {
        *self.runs.entry(recipe).or_default() += 1;
        self.running -= 1;
        for moment in moments {
            let count = self.counts.entry(moment).or_default();
            count.0 += 1;
            count.1 += usize::from(result.is_ok());
        }
        self.failed.extend(result.err());
    }

    pub(crate) fn print(&self, took: Duration) {
        println!("{:<28} {:>6}  {:>10}", "moment", "times", "same bytes");
        for (moment, (times, same)) in &self.counts {
            println!("{:<28} {times:>6}  {same:>10}", moment.words());
        }
        let kills = self.counts.iter().filter(|(moment, _)| moment.is_kill());
        let (times, same) = kills.fold((0, 0), |sum, (_, count)| (sum.0 + count.0, sum.1 + count.1));
        println!("{:<28} {times:>6}  {same:>10}", "kills in all");
        let runs: Vec<String> =
            self.runs.iter().map(|(recipe, count)| format!("{count} of {recipe}")).collect();
        println!("{} runs in {:.0} s: {}", self.count(), took.as_secs_f64(), runs.join(", "));
        self.failed.iter().for_each(|root| println!("differs or failed: {}", root.display()));
    }

    /// Runs that were made.
    fn count(&self) -> usize {
        self.runs.values().sum()
    }

    pub(crate) fn verdict(&self) -> Result<()> {
        let least = LEAST.min(self.kills / 3);
        for moment in [Moment::Checkpoint, Moment::Measuring] {
            let done = self.counts.get(&moment).map_or(0, |count| count.0);
            if done < least {
                bail!("only {done} kills {}, where {least} were wanted: try again", moment.words());
            }
        }
        match self.failed.len() {
            0 => Ok(()),
            n => bail!("{n} of {} runs did not come out as the one that was left in peace", self.count()),
        }
    }
}

/// SplitMix64 (Steele et al., 2014): as much chance as this needs.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn aim(&mut self, what: What) -> Aim {
        let at = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        Aim { what, at, skip: self.next() % 6, doubled: self.next().is_multiple_of(4), missed: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_holds_what_was_asked_for_and_ends() {
        for kills in [1, 7, 30, 100] {
            let mut plan = Plan::new(kills, 3);
            let mut seen: Vec<Aim> = Vec::new();
            loop {
                let aims = plan.take();
                if aims.is_empty() {
                    break;
                }
                assert!(aims.len() <= A_RUN as usize);
                let moment = |aim: &Aim| match aim.what {
                    What::Checkpoint => Moment::Checkpoint,
                    What::Measuring => Moment::Measuring,
                    What::Anywhere => Moment::Between,
                    What::Polite => Moment::Stopped,
                };
                plan.note("quickstart", aims.iter().map(moment).collect(), Ok(()));
                seen.extend(aims);
            }
            assert_eq!(seen.iter().filter(|aim| !aim.is_polite()).count(), kills);
            assert!(plan.verdict().is_ok());
        }
    }

    #[test]
    fn the_same_seed_plans_the_same() {
        let all = |seed| {
            std::iter::from_fn({
                let mut plan = Plan::new(50, seed);
                move || Some(plan.take()).filter(|aims| !aims.is_empty())
            })
        };
        assert!(all(5).take(9).eq(all(5).take(9)));
        assert!(!all(5).take(9).eq(all(6).take(9)));
    }

    #[test]
    fn a_failed_run_is_a_failure_of_its_kills() {
        let mut plan = Plan::new(2, 0);
        plan.take();
        plan.note("quickstart", vec![Moment::Between, Moment::Between], Err("target/torture/run-0-0".into()));
        assert_eq!(plan.counts[&Moment::Between], (2, 0));
        assert!(plan.verdict().unwrap_err().to_string().contains("1 of 1 runs"));
    }
}
