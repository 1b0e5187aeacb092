//! Rounds of measurements, by turns.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use serde::Serialize;

use super::args::Benchmark;
use super::case::Case;
use super::form::Form;
use super::protocol::Usage;
use super::side::{Prepared, Side};
use crate::words;

/// Between two turns: OpenMP's threads keep a core busy for some milliseconds after their last work.
pub(super) const PAUSE: Duration = Duration::from_millis(20);
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
    /// Of the first of PyTorch's forms.
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
    /// Of the form that was the fastest in the first cell.
    pub(super) theirs: Option<Spent>,
}

/// One part of one row.
#[derive(Debug, Default, Serialize)]
pub(super) struct Cell {
    pub(super) part: &'static str,
    /// Median seconds of a call.
    pub(super) seconds: f64,
    /// Those of the fastest of PyTorch's forms, which `ratio` is against.
    pub(super) pytorch_seconds: Option<f64>,
    pub(super) ratio: Option<f64>,
    /// Every measurement.
    pub(super) all_seconds: Vec<f64>,
    pub(super) peers: Vec<Peer>,
}

/// One of PyTorch's forms in one cell.
#[derive(Debug, Serialize)]
pub(super) struct Peer {
    pub(super) form: Form,
    pub(super) seconds: f64,
    pub(super) all_seconds: Vec<f64>,
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

/// A process that is measured, and what it used.
struct Measured {
    side: Side,
    /// None of ours.
    form: Option<Form>,
    base: Usage,
    /// After the warm-up, and the calls since.
    warm: Usage,
    calls: u64,
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
        let mut sides = Vec::new();
        for (index, case) in self.cases.iter().enumerate() {
            let (number, of, name) = (index + 1, self.cases.len(), case.name());
            words::say(&format!("{} threads, row {number} of {of}: {name}", self.threads));
            if sides.is_empty() {
                sides = self.start(case)?;
            }
            table.vectors.clone_from(&sides[0].side.vectors);
            if let Some(theirs) = sides.get(1) {
                table.pytorch = Some(theirs.side.version.clone());
                table.pytorch_vectors = Some(theirs.side.vectors.clone());
            }
            let mut row = self.row(case, &mut sides)?;
            if !shared {
                row.ours = Some(sides[0].spent()?);
                let fastest = row.cells[0].fastest().map(|peer| peer.form);
                if let Some(theirs) = sides.iter_mut().find(|side| fastest.is_some() && side.form == fastest)
                {
                    row.theirs = Some(theirs.spent()?);
                }
                // They go before the next ones start: a process that waits still holds its memory.
                sides.clear();
            }
            table.rows.push(row);
        }
        if shared {
            table.ours = Some(sides[0].spent()?);
            table.theirs = sides.get_mut(1).map(Measured::spent).transpose()?;
        }
        Ok(table)
    }

    /// Ours first.
    fn start(&self, case: &Case) -> Result<Vec<Measured>> {
        let mut sides = vec![Measured::new(Side::ours(self.threads)?, None)?];
        if let Some(python) = self.python {
            for &form in Form::of(case) {
                sides.push(Measured::new(Side::pytorch(python, self.threads, form)?, Some(form))?);
            }
        }
        Ok(sides)
    }

    fn row(&self, case: &Case, sides: &mut Vec<Measured>) -> Result<Row> {
        let mut ready = Vec::new();
        let mut ours = None;
        for mut measured in sides.drain(..) {
            match measured.side.prepare(case)? {
                Prepared::Lacks(package) => {
                    words::say(&format!("{}: left out, that Python has no `{package}`", measured.name()));
                    continue;
                }
                Prepared::Ready(parameters) => {
                    let ours = ours.get_or_insert(parameters);
                    if *ours != parameters {
                        let name = case.name();
                        bail!(
                            "{name}: {ours:?} parameters here, {parameters:?} there: not the same networks"
                        );
                    }
                }
            }
            ready.push(measured);
        }
        *sides = ready;
        let peers = |sides: &[Measured]| {
            let forms = sides.iter().filter_map(|side| side.form);
            forms.map(|form| Peer { form, seconds: 0.0, all_seconds: Vec::new() }).collect::<Vec<_>>()
        };
        let empty = |&part: &&'static str| Cell { part, peers: peers(sides), ..Cell::default() };
        let mut cells: Vec<_> = case.parts().iter().map(empty).collect();
        // The first round fills caches and pools; nothing of it counts.
        round(sides, &mut cells, 0.0, 0)?;
        for cell in &mut cells {
            cell.all_seconds.clear();
            cell.peers.iter_mut().for_each(|peer| peer.all_seconds.clear());
        }
        sides.iter_mut().try_for_each(Measured::warmed_up)?;
        for number in 0..self.rounds as usize {
            round(sides, &mut cells, self.seconds(), number)?;
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
            Benchmark::Monitor => 0.1,
            Benchmark::Step | Benchmark::Grad2 | Benchmark::Metrics | Benchmark::Cures => 0.0,
        }
    }
}

/// Every cell once on every side. Another side begins in each round.
fn round(sides: &mut [Measured], cells: &mut [Cell], seconds: f64, number: usize) -> Result<()> {
    let count = sides.len();
    for cell in cells {
        for index in (0..count).map(|place| (place + number) % count) {
            let measured = &mut sides[index];
            std::thread::sleep(PAUSE);
            let (mean, calls) = measured.side.measure(cell.part, seconds)?;
            measured.calls += calls;
            match index.checked_sub(1) {
                None => cell.all_seconds.push(mean),
                Some(peer) => cell.peers[peer].all_seconds.push(mean),
            }
        }
    }
    Ok(())
}

impl Measured {
    fn new(mut side: Side, form: Option<Form>) -> Result<Self> {
        let base = side.usage()?;
        Ok(Self { side, form, base, warm: base, calls: 0 })
    }

    fn name(&self) -> &'static str {
        self.form.map_or("ours", Form::name)
    }

    fn warmed_up(&mut self) -> Result<()> {
        self.warm = self.side.usage()?;
        self.calls = 0;
        Ok(())
    }

    fn spent(&mut self) -> Result<Spent> {
        Ok(Spent::between(self.base, self.warm, self.side.usage()?, self.calls))
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
        for peer in &mut self.peers {
            peer.seconds = median(&peer.all_seconds);
        }
        self.pytorch_seconds = self.fastest().map(|peer| peer.seconds);
        self.ratio = self.pytorch_seconds.map(|theirs| self.seconds / theirs);
    }

    pub(super) fn fastest(&self) -> Option<&Peer> {
        self.peers.iter().min_by(|a, b| a.seconds.total_cmp(&b.seconds))
    }
}

pub(super) fn median(values: &[f64]) -> f64 {
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
    fn a_ratio_is_against_the_fastest_form() {
        let peer = |form, seconds: f64| Peer { form, seconds: 0.0, all_seconds: vec![seconds] };
        let mut cell = Cell {
            all_seconds: vec![1.0],
            peers: vec![peer(Form::Eager, 2.0), peer(Form::Openvino, 0.5), peer(Form::Compiled, 4.0)],
            ..Cell::default()
        };
        cell.conclude();
        assert_eq!((cell.ratio, cell.fastest().map(|peer| peer.form)), (Some(2.0), Some(Form::Openvino)));
        cell.peers.clear();
        cell.conclude();
        assert_eq!((cell.ratio, cell.pytorch_seconds), (None, None));
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
