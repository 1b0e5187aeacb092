//! The page of a study: tables, curves of every seed with their median, and pictures of what methods draw.

use std::collections::BTreeSet;

use serde::Serialize;

use super::cell::{Cell, Folder, Made};
use super::figures::{Figure, median};
use super::file::{PublishedItem, StudyFile};
use super::table::{Row, Set};
use crate::date;
use crate::report::{Document, embedded_picture, escaped};

/// Bytes that the pictures of a page take together.
const PICTURES: usize = 3_600_000;

#[derive(Serialize)]
struct Page<'a> {
    schema: u32,
    made_by: &'static str,
    made_on: String,
    title: &'a str,
    notes: &'a [String],
    sets: Vec<PageSet<'a>>,
}

#[derive(Serialize)]
struct PageSet<'a> {
    name: &'a str,
    columns: Vec<&'a str>,
    rows: Vec<PageRow<'a>>,
    published: &'a [PublishedItem],
    charts: Vec<Chart<'a>>,
    pictures: Vec<Picture<'a>>,
}

#[derive(Serialize)]
struct PageRow<'a> {
    method: &'a str,
    paper: Option<&'a str>,
    runs: String,
    values: Vec<String>,
    seconds: Option<f64>,
}

/// A value over the steps.
#[derive(Serialize)]
struct Chart<'a> {
    name: &'a str,
    lower_is_better: bool,
    curves: Vec<Curve<'a>>,
}

/// A method in a chart.
#[derive(Serialize)]
struct Curve<'a> {
    method: &'a str,
    steps: Vec<u64>,
    median: Vec<Option<f64>>,
    seeds: Vec<Vec<Option<f64>>>,
}

#[derive(Serialize)]
struct Picture<'a> {
    method: &'a str,
    seed: u64,
    src: String,
}

type Cells<'a> = [(&'a Cell, Option<Made>)];

/// The page, in one file that fetches nothing.
pub(super) fn page(plan: &StudyFile, sets: &[Set], cells: &Cells<'_>, folder: &Folder) -> String {
    let mut budget = PICTURES;
    let page = Page {
        schema: 1,
        made_by: concat!("ganymede ", env!("CARGO_PKG_VERSION")),
        made_on: date::today(),
        title: &plan.title,
        notes: &plan.notes,
        sets: sets.iter().map(|set| page_set(set, cells, folder, &mut budget)).collect(),
    };
    let words = format!("<p><b>{}</b></p>", escaped(&plan.title));
    Document { title: &plan.title, words, live: false }.study(&page)
}

fn page_set<'a>(set: &'a Set, cells: &'a Cells<'_>, folder: &Folder, budget: &mut usize) -> PageSet<'a> {
    let row = |row: &'a Row| PageRow {
        method: &row.method,
        paper: row.paper.as_deref(),
        runs: row.counted(),
        values: row.values.iter().map(|value| value.map(Figure::text).unwrap_or_default()).collect(),
        seconds: row.seconds.map(|seconds| seconds.mean),
    };
    let charts = set.columns.iter().map(|column| Chart {
        name: &column.name,
        lower_is_better: column.lower_is_better,
        curves: set.rows.iter().filter_map(|row| curve(set, &row.method, &column.name, cells)).collect(),
    });
    PageSet {
        name: &set.name,
        columns: set.columns.iter().map(|column| column.name.as_str()).collect(),
        rows: set.rows.iter().map(row).collect(),
        published: &set.published,
        charts: charts.collect(),
        pictures: pictures(set, cells, folder, budget),
    }
}

/// All seeds of a method at the steps that any of them has.
fn curve<'a>(set: &Set, method: &'a str, name: &str, cells: &Cells<'_>) -> Option<Curve<'a>> {
    let is_own = |cell: &Cell| cell.data == set.name && cell.method == method;
    let own = cells.iter().filter(|(cell, _)| is_own(cell));
    let found: Vec<&Vec<(u64, f64)>> = own.filter_map(|(_, made)| made.as_ref()?.curves.get(name)).collect();
    let steps: Vec<u64> = found
        .iter()
        .flat_map(|points| points.iter().map(|(step, _)| *step))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let seed = |points: &&Vec<(u64, f64)>| -> Vec<Option<f64>> {
        let at = |step: &u64| points.iter().find(|(own, _)| own == step).map(|(_, value)| *value);
        steps.iter().map(at).collect()
    };
    let seeds: Vec<Vec<Option<f64>>> = found.iter().map(seed).collect();
    let middle = |at: usize| median(seeds.iter().filter_map(|values| values[at]).collect());
    let median = (0..steps.len()).map(middle).collect();
    (!steps.is_empty()).then_some(Curve { method, steps, median, seeds })
}

/// The first seed of every method, then the second, as far as they fit.
fn pictures<'a>(set: &'a Set, cells: &'a Cells<'_>, folder: &Folder, budget: &mut usize) -> Vec<Picture<'a>> {
    let mut pictures = Vec::new();
    let of_set = cells.iter().filter(|(cell, made)| cell.data == set.name && made.is_some());
    for (cell, _) in of_set {
        let Some(src) = embedded_picture(&folder.picture(cell)).filter(|src| src.len() <= *budget) else {
            continue;
        };
        *budget -= src.len();
        pictures.push(Picture { method: &cell.method, seed: cell.seed, src });
    }
    pictures
}
