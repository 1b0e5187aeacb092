//! Rounds of measurements, by turns.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use serde::Serialize;

use super::args::Benchmark;
use super::case::Case;
use super::protocol::Usage;
use super::side::Side;
use crate::words;

/// Between two turns: OpenMP's threads keep a core busy for some milliseconds after their last work.
const PAUSE: Duration = Duration::from_millis(20);
/// Rows and columns of the product that says what the machine can do.
const GEMM: usize = 1024;

/// One table to be made.
pub(super) struct Plan<'a> {
    pub(super) benchmark: Benchmark,
    pub(super) cases: &'a [Case],
    pub(super) threads: usize,
    pub(super) rounds: u32,
    pub(super) python: Option<&'a Path>,
}

/// A table of results.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    pub(super) threads: usize,
    /// GFLOP/s of a product of two large f32 matrices.
    pub(super) gemm_gflops: f64,
    pub(super) vectors: String,
    pub(super) pytorch: Option<String>,
    pub(super) pytorch_vectors: Option<String>,
    pub(super) rows: Vec<Row>,
    /// Where all rows share their processes: what those used in the end.
    pub(super) ours: Option<Spent>,
    pub(super) theirs: Option<Spent>,
}

#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    #[serde(skip)]
    pub(super) case: Case,
    /// GFLOP of a call; for updates, GB.
    pub(super) work: f64,
    pub(super) images: Option<usize>,
    pub(super) cells: Vec<Cell>,
    /// Where each row has its own processes.
    pub(super) ours: Option<Spent>,
    pub(super) theirs: Option<Spent>,
}

/// One part of one row.
#[derive(Debug, Default, Serialize)]
pub(super) struct Cell {
    pub(super) part: &'static str,
    /// Median seconds of a call.
    pub(super) seconds: f64,
    pub(super) pytorch_seconds: Option<f64>,
    pub(super) ratio: Option<f64>,
    /// Every measurement.
    pub(super) all_seconds: Vec<f64>,
    pub(super) all_pytorch_seconds: Vec<f64>,
}

/// What a process used.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Spent {
    /// Before the first case: the program itself and its libraries.
    pub(super) base_mb: Option<f64>,
    pub(super) peak_mb: Option<f64>,
    /// Page faults and seconds in the kernel for each call after the warm-up.
    pub(super) faults_a_call: Option<f64>,
    pub(super) system_seconds_a_call: Option<f64>,
}

/// The processes that are measured.
struct Sides {
    ours: Side,
    theirs: Option<Side>,
    base: [Usage; 2],
    /// After the warm-up, and the calls since.
    warm: [Usage; 2],
    calls: [u64; 2],
}

impl Plan<'_> {
    pub(super) fn carry_out(&self) -> Result<Table> {
        let gemm = Side::ours(self.threads)?.gemm(GEMM)?;
        let mut table = Table {
            threads: self.threads,
            gemm_gflops: 2.0 * (GEMM as f64).powi(3) / gemm / 1e9,
            vectors: String::new(),
            pytorch: None,
            pytorch_vectors: None,
            rows: Vec::new(),
            ours: None,
            theirs: None,
        };
        // Memory is only a row's own in processes of its own. Convolutions are too many for that.
        let shared = self.benchmark == Benchmark::Conv;
        let mut sides = self.start()?;
        table.vectors = sides.ours.vectors.clone();
        table.pytorch = sides.theirs.as_ref().map(|side| side.version.clone());
        table.pytorch_vectors = sides.theirs.as_ref().map(|side| side.vectors.clone());
        for (index, case) in self.cases.iter().enumerate() {
            let (number, of, name) = (index + 1, self.cases.len(), case.name());
            words::say(&format!("{} threads, row {number} of {of}: {name}", self.threads));
            if !shared && index > 0 {
                // The old ones go first: a process that waits still holds its memory.
                drop(sides);
                sides = self.start()?;
            }
            let mut row = self.row(case, &mut sides)?;
            if !shared {
                (row.ours, row.theirs) = sides.spent()?;
            }
            table.rows.push(row);
        }
        if shared {
            (table.ours, table.theirs) = sides.spent()?;
        }
        Ok(table)
    }

    fn start(&self) -> Result<Sides> {
        let mut ours = Side::ours(self.threads)?;
        let mut theirs = self.python.map(|python| Side::pytorch(python, self.threads)).transpose()?;
        let base = [ours.usage()?, theirs.as_mut().map(Side::usage).transpose()?.unwrap_or_default()];
        Ok(Sides { ours, theirs, base, warm: base, calls: [0; 2] })
    }

    fn row(&self, case: &Case, sides: &mut Sides) -> Result<Row> {
        let ours = sides.ours.prepare(case)?;
        if let Some(theirs) = &mut sides.theirs {
            let theirs = theirs.prepare(case)?;
            if ours != theirs {
                bail!("{}: {ours:?} parameters here, {theirs:?} there: not the same networks", case.name());
            }
        }
        let mut cells: Vec<_> = case.parts().iter().map(|&part| Cell { part, ..Cell::default() }).collect();
        // The first round fills caches and pools; nothing of it counts.
        sides.round(&mut cells, 0.0, false)?;
        for cell in &mut cells {
            cell.all_seconds.clear();
            cell.all_pytorch_seconds.clear();
        }
        sides.warmed_up()?;
        for round in 0..self.rounds {
            sides.round(&mut cells, self.seconds(), round % 2 == 1)?;
        }
        cells.iter_mut().for_each(Cell::conclude);
        Ok(Row {
            name: case.name(),
            case: case.clone(),
            work: case.work(),
            images: case.images(),
            cells,
            ours: None,
            theirs: None,
        })
    }

    /// How long a measurement takes at least; a step is long enough by itself.
    fn seconds(&self) -> f64 {
        match self.benchmark {
            Benchmark::Conv | Benchmark::Update => 0.03,
            Benchmark::Step | Benchmark::Grad2 | Benchmark::Metrics => 0.0,
        }
    }
}

impl Sides {
    /// Every cell once on either side.
    fn round(&mut self, cells: &mut [Cell], seconds: f64, theirs_first: bool) -> Result<()> {
        for cell in cells {
            for ours in if theirs_first { [false, true] } else { [true, false] } {
                let (side, all) = match (ours, &mut self.theirs) {
                    (true, _) => (&mut self.ours, &mut cell.all_seconds),
                    (false, Some(theirs)) => (theirs, &mut cell.all_pytorch_seconds),
                    (false, None) => continue,
                };
                std::thread::sleep(PAUSE);
                let (mean, calls) = side.measure(cell.part, seconds)?;
                all.push(mean);
                self.calls[usize::from(!ours)] += calls;
            }
        }
        Ok(())
    }

    fn usage(&mut self) -> Result<[Usage; 2]> {
        let theirs = self.theirs.as_mut().map(Side::usage).transpose()?.unwrap_or_default();
        Ok([self.ours.usage()?, theirs])
    }

    fn warmed_up(&mut self) -> Result<()> {
        self.warm = self.usage()?;
        self.calls = [0; 2];
        Ok(())
    }

    fn spent(&mut self) -> Result<(Option<Spent>, Option<Spent>)> {
        let now = self.usage()?;
        let of = |side: usize| Spent::between(self.base[side], self.warm[side], now[side], self.calls[side]);
        Ok((Some(of(0)), self.theirs.is_some().then(|| of(1))))
    }
}

impl Spent {
    fn between(base: Usage, warm: Usage, now: Usage, calls: u64) -> Self {
        let a_call = |total: Option<f64>| total.map(|total| total / calls.max(1) as f64);
        let faults = now.minor_faults.zip(warm.minor_faults).map(|(now, warm)| (now - warm) as f64);
        let system = now.system_seconds.zip(warm.system_seconds).map(|(now, warm)| now - warm);
        Self {
            base_mb: base.peak_mb,
            peak_mb: now.peak_mb,
            faults_a_call: a_call(faults),
            system_seconds_a_call: a_call(system),
        }
    }
}

impl Cell {
    fn conclude(&mut self) {
        self.seconds = median(&self.all_seconds);
        if !self.all_pytorch_seconds.is_empty() {
            let theirs = median(&self.all_pytorch_seconds);
            self.pytorch_seconds = Some(theirs);
            self.ratio = Some(self.seconds / theirs);
        }
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn what_a_call_used_is_counted_from_the_warm_up_on() {
        let usage = |faults, peak| Usage {
            peak_mb: Some(peak),
            minor_faults: Some(faults),
            user_seconds: None,
            system_seconds: None,
        };
        let spent = Spent::between(usage(10, 5.0), usage(100, 50.0), usage(130, 60.0), 3);
        assert_eq!((spent.base_mb, spent.peak_mb, spent.faults_a_call), (Some(5.0), Some(60.0), Some(10.0)));
        assert_eq!(spent.system_seconds_a_call, None);
    }
}
