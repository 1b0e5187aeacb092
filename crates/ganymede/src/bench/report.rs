//! Tables for people and JSON for programs.

use anyhow::Result;
use serde::Serialize;
use serde_json::json;

use super::args::Benchmark;
use super::case::Case;
use super::measure::{Row, Spent, Table};
use super::watch;
use crate::date::today;
use crate::machine::{self, Machine};

/// Where and when.
#[derive(Debug, Serialize)]
pub(super) struct Setting {
    cpu: String,
    physical_cores: Option<usize>,
    available_threads: usize,
    platform: String,
    date: String,
    ganymede: &'static str,
    rounds: u32,
}

impl Setting {
    pub(super) fn look(rounds: u32) -> Self {
        let machine = Machine::look();
        Self {
            cpu: machine::cpu_name(),
            physical_cores: machine.physical_cores,
            available_threads: machine.available_threads,
            platform: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            date: today(),
            ganymede: env!("CARGO_PKG_VERSION"),
            rounds,
        }
    }

    pub(super) fn text(&self) -> String {
        format!(
            "{}; {} threads available; {}; ganymede {}; {}; medians of {} rounds",
            self.cpu, self.available_threads, self.platform, self.ganymede, self.date, self.rounds
        )
    }
}

/// One object with everything.
pub(super) fn json(benchmark: Benchmark, setting: &Setting, tables: &[Table]) -> Result<String> {
    let with_means = |table: &Table| -> Result<_> {
        let mut value = serde_json::to_value(table)?;
        value["columns"] = columns(table).into_iter().map(|column| column.json()).collect();
        Ok(value)
    };
    let tables = tables.iter().map(with_means).collect::<Result<Vec<_>>>()?;
    Ok(json!({ "bench": benchmark.name(), "setting": setting, "tables": tables }).to_string())
}

/// Ratios of one part over all rows.
struct Column {
    part: &'static str,
    geometric_mean: f64,
    max: f64,
    max_row: String,
}

impl Column {
    fn json(&self) -> serde_json::Value {
        json!({
            "part": self.part, "geometric_mean_ratio": self.geometric_mean,
            "max_ratio": self.max, "max_row": self.max_row,
        })
    }
}

fn columns(table: &Table) -> Vec<Column> {
    let parts = table.rows.first().map_or(Vec::new(), |row| row.cells.iter().map(|cell| cell.part).collect());
    let mut columns = Vec::new();
    for (index, part) in parts.into_iter().enumerate() {
        let ratios =
            table.rows.iter().filter_map(|row| Some((row.cells.get(index)?.ratio?, row.name.clone())));
        let ratios: Vec<_> = ratios.collect();
        let Some((max, max_row)) = ratios.iter().max_by(|a, b| a.0.total_cmp(&b.0)).cloned() else {
            continue;
        };
        let logs: f64 = ratios.iter().map(|(ratio, _)| ratio.ln()).sum();
        let geometric_mean = (logs / ratios.len() as f64).exp();
        columns.push(Column { part, geometric_mean, max, max_row });
    }
    columns
}

/// A table with its means.
pub(super) fn text(table: &Table) -> String {
    let threads = if table.threads == 1 { "1 thread".into() } else { format!("{} threads", table.threads) };
    let mut text = format!("{threads}, a product of matrices reaches {:.0} GFLOP/s", table.gemm_gflops);
    if let (Some(version), Some(vectors)) = (&table.pytorch, &table.pytorch_vectors) {
        text += &format!("; PyTorch {version} ({vectors})");
    }
    let lines: Vec<Vec<String>> = table.rows.iter().map(|row| line(row, table)).collect();
    let head = table.rows.first().map_or(Vec::new(), |row| head(row, table));
    text += &format!("\n{}", aligned(&[&[head], &lines[..]].concat()));
    for column in columns(table) {
        let Column { part, geometric_mean, max, max_row } = column;
        text += &format!(
            "{part}: geometric mean of our time / PyTorch's {geometric_mean:.3}, highest {max:.2} ({max_row})\n"
        );
    }
    for (name, spent) in [("ours", &table.ours), ("PyTorch", &table.theirs)] {
        if let Some(Spent { peak_mb: Some(peak), base_mb: Some(base), .. }) = spent {
            text += &format!("{name}: {peak:.0} MB at most, {base:.0} MB before the first row\n");
        }
    }
    text
}

fn head(row: &Row, table: &Table) -> Vec<String> {
    let mut head = vec!["row".to_owned()];
    let against = table.pytorch.is_some();
    for cell in &row.cells {
        head.push(format!("{} ms", cell.part));
        let speed: &[&str] = match row.case {
            Case::Watched { .. } => &[],
            Case::Update { .. } => &["GB/s"],
            _ => &["GFLOP/s", "peak"],
        };
        head.extend(speed.iter().map(|name| (*name).to_owned()));
        head.extend(against.then(|| "ratio".to_owned()));
    }
    head.extend(matches!(row.case, Case::Watched { .. }).then(|| "of all steps".to_owned()));
    head.extend(row.images.map(|_| "images/s".to_owned()));
    if row.ours.is_some() {
        head.extend(["MB".to_owned(), "faults".to_owned()]);
    }
    if row.theirs.is_some() {
        head.extend(row.cells[0].peers.iter().map(|peer| format!("{} ms", peer.form.name())));
        head.extend(["MB", "base MB"].map(str::to_owned));
    }
    head
}

fn line(row: &Row, table: &Table) -> Vec<String> {
    let mut line = vec![row.name.clone()];
    let known = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.0}"));
    for cell in &row.cells {
        let speed = row.work / cell.seconds;
        line.push(milliseconds(cell.seconds));
        match row.case {
            Case::Watched { .. } => {}
            Case::Update { .. } => line.push(short(speed)),
            _ => line.extend([short(speed), format!("{:.0} %", 100.0 * speed / table.gemm_gflops)]),
        }
        line.extend(cell.ratio.map(|ratio| format!("{ratio:.2}")));
    }
    if let Case::Watched { preset, batch } = &row.case {
        let seconds: Vec<f64> = row.cells.iter().map(|cell| cell.seconds).collect();
        let cost =
            <[f64; 3]>::try_from(seconds).ok().and_then(|all| watch::cost(preset, *batch, all).ok()?);
        line.push(cost.map_or_else(|| "-".to_owned(), |cost| format!("{:.1} %", 100.0 * cost)));
    }
    line.extend(row.images.map(|n| format!("{:.1}", n as f64 / row.cells[0].seconds)));
    if let Some(ours) = row.ours {
        line.extend([known(ours.peak_mb), known(ours.faults_a_call)]);
    }
    if let Some(theirs) = row.theirs {
        line.extend(row.cells[0].peers.iter().map(|peer| milliseconds(peer.seconds)));
        line.extend([known(theirs.peak_mb), known(theirs.base_mb)]);
    }
    line
}

pub(super) fn milliseconds(seconds: f64) -> String {
    let ms = seconds * 1e3;
    if ms < 9.995 { format!("{ms:.2}") } else { format!("{ms:.1}") }
}

fn short(value: f64) -> String {
    if value < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") }
}

/// The first column to the left, the others to the right.
pub(super) fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let cell = if column == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") };
            text += &cell;
        }
        text = text.trim_end().to_owned() + "\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_under_each_other() {
        let cells = |line: [&str; 2]| line.map(str::to_owned).to_vec();
        assert_eq!(aligned(&[cells(["a", "ms"]), cells(["long", "1.25"])]), "a       ms\nlong  1.25\n");
    }
}
