//! What came of a study: a table for each data set, as Markdown and as JSON.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::json;

use super::cell::{Cell, Made};
use super::figures::Figure;
use super::file::{PublishedItem, StudyFile};

/// Version of results.json.
const SCHEMA: u32 = 1;

/// A data set.
#[derive(Debug, Serialize)]
pub(super) struct Set {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
    pub(super) published: Vec<PublishedItem>,
}

/// A value that runs have.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) lower_is_better: bool,
}

/// A method.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) method: String,
    pub(super) paper: Option<String>,
    /// Runs that the study has, that are made, and that diverged.
    pub(super) runs: usize,
    pub(super) made: usize,
    pub(super) diverged: usize,
    /// In the order of the columns.
    pub(super) values: Vec<Option<Figure>>,
    pub(super) seconds: Option<Figure>,
    pub(super) parameters: Option<[usize; 2]>,
    pub(super) seeds: Vec<SeedValues>,
}

/// What one seed reached.
#[derive(Debug, Serialize)]
pub(super) struct SeedValues {
    pub(super) seed: u64,
    pub(super) ended: String,
    pub(super) step: u64,
    pub(super) seconds: f64,
    /// In the order of the columns.
    pub(super) values: Vec<Option<f64>>,
    pub(super) machine: String,
    pub(super) date: String,
}

/// The tables of all cells; a cell that is not made has nothing beside it.
pub(super) fn sets(plan: &StudyFile, cells: &[(&Cell, Option<Made>)]) -> Vec<Set> {
    let set = |data: &str| {
        let of_data = cells.iter().filter(|(cell, _)| cell.data == data);
        let columns = columns(of_data.filter_map(|(_, made)| made.as_ref()));
        let methods = plan.methods.iter();
        let rows = methods.filter_map(|method| {
            let own: Vec<_> =
                cells.iter().filter(|(cell, _)| cell.data == data && cell.method == method.name).collect();
            (!own.is_empty()).then(|| row(method.name.clone(), method.paper.clone(), &own, &columns))
        });
        let rows = rows.collect();
        let is_ours = |row: &&PublishedItem| row.data.as_deref().is_none_or(|name| name == data);
        let published = plan.published.iter().filter(is_ours).cloned().collect();
        Set { name: data.to_owned(), columns, rows, published }
    };
    plan.data.iter().map(|data| set(&data.name)).collect()
}

/// All values that some run has, in the order in which they come.
fn columns<'a>(made: impl Iterator<Item = &'a Made> + Clone) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for value in made.flat_map(|made| &made.values) {
        if columns.iter().all(|column| column.name != value.name) {
            columns.push(Column { name: value.name.clone(), lower_is_better: value.lower_is_better });
        }
    }
    columns
}

fn row(method: String, paper: Option<String>, cells: &[&(&Cell, Option<Made>)], columns: &[Column]) -> Row {
    let made: Vec<(&Cell, &Made)> =
        cells.iter().filter_map(|(cell, made)| Some((*cell, made.as_ref()?))).collect();
    let of = |made: &Made, name: &str| {
        made.values.iter().find(|value| value.name == name).map(|value| value.value)
    };
    let figure =
        |name: &str| Figure::of(&made.iter().filter_map(|(_, made)| of(made, name)).collect::<Vec<_>>());
    let seed = |(cell, made): &(&Cell, &Made)| SeedValues {
        seed: cell.seed,
        ended: made.ended.clone(),
        step: made.step,
        seconds: made.seconds,
        values: columns.iter().map(|column| of(made, &column.name)).collect(),
        machine: made.machine.clone(),
        date: made.date.clone(),
    };
    Row {
        method,
        paper,
        runs: cells.len(),
        made: made.len(),
        diverged: made.iter().filter(|(_, made)| made.diverged).count(),
        values: columns.iter().map(|column| figure(&column.name)).collect(),
        seconds: Figure::of(&made.iter().map(|(_, made)| made.seconds).collect::<Vec<_>>()),
        parameters: made.first().map(|(_, made)| made.parameters),
        seeds: made.iter().map(seed).collect(),
    }
}

impl Row {
    /// How many runs its numbers are of.
    pub(super) fn counted(&self) -> String {
        let runs = match self.made == self.runs {
            true => self.made.to_string(),
            false => format!("{} of {}", self.made, self.runs),
        };
        match self.diverged {
            0 => runs,
            diverged => format!("{runs}, {diverged} diverged"),
        }
    }
}

/// The tables, with the notes below them.
pub(super) fn markdown(plan: &StudyFile, sets: &[Set]) -> String {
    let mut text = format!("# {}\n", plan.title);
    for set in sets {
        // The only set of a study needs no name.
        let _ = if sets.len() > 1 { writeln!(text, "\n## {}\n", set.name) } else { writeln!(text) };
        // Nothing fails that is written into memory.
        let _ = write_set(&mut text, set);
    }
    let _ = writeln!(text, "\nMeans over the runs ± standard errors.");
    for note in &plan.notes {
        let _ = writeln!(text, "\n{note}");
    }
    text
}

fn write_set(text: &mut String, set: &Set) -> std::fmt::Result {
    let names: Vec<&str> = set.columns.iter().map(|column| column.name.as_str()).collect();
    let line = |names: &[&str]| names.iter().map(|name| format!(" {name} |")).collect::<String>();
    writeln!(text, "| method | runs |{} seconds a run |", line(&names))?;
    writeln!(text, "|---|---:|{}---:|", "---:|".repeat(names.len()))?;
    let shown = |figure: &Option<Figure>| figure.map(Figure::text).unwrap_or_default();
    for row in &set.rows {
        let values: String = row.values.iter().map(|value| format!(" {} |", shown(value))).collect();
        let seconds = row.seconds.map(|seconds| format!("{:.1}", seconds.mean)).unwrap_or_default();
        writeln!(text, "| {} | {} |{values} {seconds} |", row.method, row.counted())?;
    }
    if set.published.is_empty() {
        return Ok(());
    }
    let names = published_columns(set);
    writeln!(text, "\nAs published, of other networks and budgets:\n")?;
    writeln!(text, "| method |{} source |", line(&names))?;
    writeln!(text, "|---|{}---|", "---:|".repeat(names.len()))?;
    for row in &set.published {
        let values: String = names.iter().map(|name| format!(" {} |", published(row, name))).collect();
        writeln!(text, "| {} |{values} {} |", row.method, row.source)?;
    }
    Ok(())
}

/// The values that others give.
pub(super) fn published_columns(set: &Set) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in set.published.iter().flat_map(|row| row.values.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

fn published(row: &PublishedItem, name: &str) -> String {
    match row.values.get(name) {
        Some(toml::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// results.json: the same, and what each seed reached.
pub(super) fn json(plan: &StudyFile, sets: &[Set]) -> String {
    let whole = json!({"schema": SCHEMA, "title": plan.title, "notes": plan.notes, "data": sets});
    serde_json::to_string_pretty(&whole).expect("tables are plain data")
}
