//! `compare A.json B.json`

use std::path::Path;

use crate::Provenance;
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use super::answer::{Exit, Json};
use super::args::CompareArgs;
use super::table::number;
use super::words;

/// Values of a result that are no measure of quality.
const NOT_COMPARED: &[&str] =
    &["k", "pairs", "subsets", "subset_size", "directions", "images", "seed", "std", "r_squared", "slope"];

pub(crate) fn run(args: &CompareArgs, json: &Json) -> Result<Exit> {
    let (left, right) = (read(&args.left)?, read(&args.right)?);
    let (mut all, mut lines) = (Map::new(), Vec::new());
    let mut refused = false;
    for (name, a) in &left {
        let Some(b) = right.get(name) else {
            words::say(&format!("{name}: only in {}", args.left.display()));
            continue;
        };
        let differences = differences(name, a, b)?;
        refused |= !differences.is_empty();
        for difference in &differences {
            words::say(&format!("{name}: not comparable: {difference}"));
        }
        let mut entry = json!({ "comparable": differences.is_empty(), "differences": differences });
        if differences.is_empty() || args.anyway {
            entry["values"] = side_by_side(name, a, b, &mut lines);
        }
        all.insert(name.clone(), entry);
    }
    for name in right.keys().filter(|name| !left.contains_key(*name)) {
        words::say(&format!("{name}: only in {}", args.right.display()));
    }
    if all.is_empty() {
        bail!("the two results have no measure in common");
    }
    let exit = if refused { Exit::Failed } else { Exit::Done };
    if refused && !args.anyway {
        words::say("numbers of different provenance are not compared; --anyway prints them side by side");
    }
    let shown = if lines.is_empty() { Ok(()) } else { words::result(&lines.join("\n")) };
    json.write(|| json!({ "schema": 1, "comparison": all, "exit_status": exit as u8 }))?;
    shown.map(|()| exit)
}

fn read(path: &Path) -> Result<Map<String, Value>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    // A log of standard output will do: the object is its last line.
    let last = || text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let value: Value = serde_json::from_str(&text)
        .or_else(|_| serde_json::from_str(last()))
        .with_context(|| format!("{}: not a result that --json wrote", path.display()))?;
    if value["schema"] != 1 {
        bail!("{}: a result of schema {}; this version reads 1", path.display(), value["schema"]);
    }
    match value["results"].as_object() {
        Some(results) => Ok(results.clone()),
        None => bail!("{}: it has no results", path.display()),
    }
}

fn differences(name: &str, a: &Value, b: &Value) -> Result<Vec<String>> {
    let provenance = |value: &Value| -> Result<Provenance> {
        serde_json::from_value(value["provenance"].clone()).with_context(|| format!("{name}: its provenance"))
    };
    Ok(match Provenance::comparable(&provenance(a)?, &provenance(b)?) {
        Ok(()) => Vec::new(),
        Err(differences) => differences.iter().map(ToString::to_string).collect(),
    })
}

fn side_by_side(name: &str, a: &Value, b: &Value, lines: &mut Vec<String>) -> Value {
    let mut values = Map::new();
    let numbers = a.as_object().into_iter().flatten().filter_map(|(key, x)| Some((key, x.as_f64()?)));
    for (key, x) in numbers.filter(|(key, _)| !NOT_COMPARED.contains(&key.as_str())) {
        let Some(y) = b[key].as_f64() else { continue };
        let label = if key == "value" { name.to_owned() } else { format!("{name} {key}") };
        lines.push(format!("{label:<32} {:>12} {:>12}  {:>+12.6}", number(x), number(y), y - x));
        values.insert(key.clone(), json!([x, y]));
    }
    Value::Object(values)
}
