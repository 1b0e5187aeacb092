//! Logs with a name for each number: CSV and TSV, and lines of JSON.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::columns::{Meaning, meaning};
use super::gathered::Columns;
use crate::words::Misuse;

/// A longer line is no line of a log.
const MOST_LINE: u64 = 1 << 20;

/// What a table gave.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) columns: Columns,
    pub(super) remarks: Vec<String>,
}

/// Reads rows of numbers under a line of names; `,`, `;` or tabs lie between them, whichever the first line has most of.
pub(super) fn read_csv(path: &Path, step: Option<&str>) -> Result<Table> {
    let first = first_line(path)?;
    let count = |separator: &u8| first.bytes().filter(|byte| byte == separator).count();
    let separator = [b',', b';', b'\t'].into_iter().max_by_key(count).unwrap_or(b',');
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(BufReader::new(file));
    let damaged = || format!("{}: not a table", path.display());
    let names: Vec<String> = reader
        .byte_headers()
        .with_context(damaged)?
        .iter()
        .map(|name| text(name).trim().to_owned())
        .collect();
    let mut steps = Steps::new(&names, step, path)?;
    let mut table = Table::default();
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).with_context(damaged)? {
        let row: Vec<Option<f64>> = record.iter().map(|cell| number(text(cell).trim())).collect();
        let at = steps.next(|column| row.get(column).copied().flatten());
        for (name, cell) in names
            .iter()
            .zip(&row)
            .enumerate()
            .filter_map(|(i, pair)| (Some(i) != steps.column).then_some(pair))
        {
            if let Some(x) = cell {
                table.columns.push(name, at, *x)?;
            }
        }
    }
    table.remarks.extend(steps.remark());
    Ok(table)
}

/// Reads an object a line. Objects within are named by a path with `/`; of one with a `mean`, as stylegan writes them, that is
/// the number.
pub(super) fn read_jsonl(path: &Path, step: Option<&str>) -> Result<Table> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let mut reader = BufReader::new(file);
    let mut table = Table::default();
    let (mut line, mut at_line, mut torn) = (Vec::new(), 0_u64, 0_u64);
    let mut steps: Option<Steps> = None;
    loop {
        line.clear();
        at_line += 1;
        let read = reader.by_ref().take(MOST_LINE).read_until(b'\n', &mut line);
        if read.with_context(|| path.display().to_string())? == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let Ok(Value::Object(object)) = serde_json::from_slice(&line) else {
            torn += 1;
            if at_line == 1 {
                let reason = "its first line is no JSON object: a log has one object a line";
                return Err(Misuse(format!("{}: {reason}", path.display())).into());
            }
            continue;
        };
        let mut row = Vec::new();
        flatten("", &Value::Object(object), &mut row);
        let names: Vec<String> = row.iter().map(|(name, _)| name.clone()).collect();
        let steps = match &mut steps {
            Some(steps) => {
                steps.find(&names);
                steps
            }
            none => none.insert(Steps::new(&names, step, path)?),
        };
        let at = steps.next(|column| row.get(column).map(|(_, x)| *x));
        for (i, (name, x)) in row.iter().enumerate() {
            if Some(i) != steps.column {
                table.columns.push(name, at, *x)?;
            }
        }
    }
    if torn > 0 {
        table.remarks.push(format!("{}: {torn} lines are no JSON objects and are left out", path.display()));
    }
    table.remarks.extend(steps.and_then(|steps| steps.remark()));
    Ok(table)
}

fn flatten(under: &str, value: &Value, row: &mut Vec<(String, f64)>) {
    match value {
        Value::Object(object) => match object.get("mean").filter(|_| !under.is_empty()) {
            Some(mean) => flatten(under, mean, row),
            None => object.iter().for_each(|(key, value)| {
                let name = if under.is_empty() { key.clone() } else { format!("{under}/{key}") };
                flatten(&name, value, row);
            }),
        },
        // What is not finite is written as null, or as text.
        Value::Null if meaning(under).is_some() => row.push((under.to_owned(), f64::NAN)),
        Value::String(text) => row.extend(number(text).map(|x| (under.to_owned(), x))),
        other => row.extend(other.as_f64().map(|x| (under.to_owned(), x))),
    }
}

/// The steps of rows: of a column, or counted.
struct Steps {
    wanted: Option<String>,
    column: Option<usize>,
    /// A thousand units make a step of a column whose numbers have fractions, such as `kimg`.
    scale: f64,
    rows: u64,
    last: u64,
    counted: bool,
    path: String,
}

impl Steps {
    fn new(names: &[String], wanted: Option<&str>, path: &Path) -> Result<Self> {
        let path = path.display().to_string();
        let mut steps = Self {
            wanted: wanted.map(str::to_owned),
            column: None,
            scale: 1.0,
            rows: 0,
            last: 0,
            counted: false,
            path,
        };
        steps.find(names);
        if let (Some(wanted), None) = (wanted, steps.column) {
            let known = names.join(", ");
            return Err(
                Misuse(format!("{}: there is no column `{wanted}`; known: {known}", steps.path)).into()
            );
        }
        Ok(steps)
    }

    /// Finds the column among `names`.
    fn find(&mut self, names: &[String]) {
        self.column = match &self.wanted {
            Some(wanted) => names.iter().position(|name| name == wanted),
            None => {
                let ranked = names.iter().enumerate().filter_map(|(i, name)| match meaning(name) {
                    Some(Meaning::Step(rank)) => Some((rank, i)),
                    _ => None,
                });
                ranked.min().map(|(_, i)| i)
            }
        };
        if self.column.is_some_and(|i| names[i].to_lowercase().contains("kimg")) {
            self.scale = 1000.0;
        }
    }

    /// The step of the next row, whose cells `cell` gives.
    fn next(&mut self, cell: impl Fn(usize) -> Option<f64>) -> u64 {
        self.rows += 1;
        let x = self.column.and_then(cell).filter(|x| x.is_finite() && *x >= 0.0);
        self.last = match x {
            Some(x) => (x * self.scale).round().min(u64::MAX as f64) as u64,
            // Lightning leaves cells empty.
            None if self.column.is_some() => self.last,
            None => {
                self.counted = true;
                self.rows
            }
        };
        self.last
    }

    fn remark(&self) -> Option<String> {
        let words = "no column counts steps, so rows are counted; --step NAME says which does";
        self.counted.then(|| format!("{}: {words}", self.path))
    }
}

fn first_line(path: &Path) -> Result<String> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let mut line = Vec::new();
    BufReader::new(file).take(MOST_LINE).read_until(b'\n', &mut line)?;
    Ok(text(&line).into_owned())
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// A number as programs of many kinds write it; nothing of what is none.
fn number(text: &str) -> Option<f64> {
    match text.parse::<f64>() {
        Ok(x) => Some(x),
        Err(_) => {
            // `tensor(0.7, device='cuda:0')`, of those who forget `.item()`.
            let inner = text.strip_prefix("tensor(")?;
            inner.split([',', ')']).next()?.trim().parse().ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::gathered::Gathered;
    use super::*;

    fn read(name: &str, content: &[u8], step: Option<&str>) -> Result<Gathered> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join(name);
        std::fs::write(&path, content)?;
        let table = if name.ends_with("jsonl") { read_jsonl(&path, step)? } else { read_csv(&path, step)? };
        let mut all = Gathered { remarks: table.remarks, ..Gathered::default() };
        all.take(&table.columns, &[])?;
        Ok(all)
    }

    #[test]
    fn tables_with_any_separator_and_holes() {
        for content in [
            "step,D_loss,lr\n10,1.5,0.1\n20,,0.1\n30,nan,\n",
            "step;D_loss;lr\n10;1.5;0.1\n20;;0.1\n30;nan;\n",
            "\"step\"\t\"D_loss\"\t\"lr\"\n10\ttensor(1.5, device='cuda:0')\n20\n30\tNaN\t\n",
        ] {
            let found = read("log.csv", content.as_bytes(), None).unwrap();
            let points = found.series.get("loss_d");
            assert_eq!((points.len(), points[0]), (2, (10, 1.5)), "{content}");
            assert!(points[1].0 == 30 && points[1].1.is_nan());
            assert!(found.remarks.is_empty());
        }
        // Without a column of steps rows are counted, and that is said.
        let found = read("log.csv", b"errD\n1\n2\n", None).unwrap();
        assert_eq!(found.series.get("loss_d"), [(1, 1.0), (2, 2.0)]);
        assert!(found.remarks[0].contains("rows are counted"));
        assert_eq!(read("log.csv", b"n,errD\n5,1\n6,2\n", Some("n")).unwrap().series.get("loss_d")[0].0, 5);
        let error = read("log.csv", b"n,errD\n5,1\n", Some("m")).unwrap_err().to_string();
        assert!(error.contains("no column `m`; known: n, errD"), "{error}");
        // Of several columns that count, the surest.
        let found = read("log.csv", b"epoch,global_step,errD\n1,100,1\n1,200,2\n", None).unwrap();
        assert_eq!(found.series.get("loss_d")[1].0, 200);
    }

    #[test]
    fn lines_of_json_as_stylegan_and_others_write_them() {
        let stylegan = concat!(
            r#"{"Loss/D/loss": {"num": 8, "mean": 1.25, "std": 0.1}, "Progress/kimg": {"mean": 0.5}, "timestamp": 1.0}"#,
            "\n",
            r#"{"Loss/D/loss": {"num": 8, "mean": null, "std": 0}, "Progress/kimg": {"mean": 1.5}, "timestamp": 2.0}"#,
            "\n{\"torn"
        );
        let found = read("stats.jsonl", stylegan.as_bytes(), None).unwrap();
        let points = found.series.get("loss_d");
        assert_eq!((points[0], points[1].0), ((500, 1.25), 1500));
        assert!(points[1].1.is_nan() && found.remarks[0].contains("1 lines"), "{:?}", found.remarks);
        let nested = b"{\"iter\": 3, \"losses\": {\"errG\": \"0.5\"}}\n";
        assert_eq!(read("log.jsonl", nested, None).unwrap().series.get("loss_g"), [(3, 0.5)]);
        assert!(read("log.jsonl", b"no\n", None).is_err());
    }
}
