//! Pages of run folders that nobody can be trusted to have left whole.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::run::{Pictures, RunReader, State};
use super::*;

/// Text that would end the script, the element or the page, if it meant anything there.
const EVIL: &str = "</script><script>alert(1)</script><!-- ' \" & \u{2028} \u{0} é";

fn jsonl(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A run of ten steps, all of whose texts are evil.
fn write_run(root: &Path) {
    fs::create_dir_all(root.join("samples")).unwrap();
    let mut table = toml::Table::new();
    table.insert("preset".into(), EVIL.into());
    table.insert("run".into(), toml::Table::from_iter([("steps".to_owned(), 10.into())]).into());
    table.insert(EVIL.into(), EVIL.into());
    fs::write(root.join("run.toml"), toml::to_string(&table).unwrap()).unwrap();
    let log: Vec<Value> = (1..=5)
        .map(|i| json!({"step": 2 * i, "images": 20 * i, "loss_d": 1.0 / f64::from(i), "loss_g": null, EVIL: i, "x": "y"}))
        .collect();
    fs::write(root.join("log.jsonl"), jsonl(&log) + "{\"step\":12,\"lo").unwrap();
    let timing: Vec<Value> =
        (1..=5).map(|i| json!({"step": 2 * i, "seconds": 30 * i, "images_per_second": 5.0})).collect();
    fs::write(root.join("timing.jsonl"), jsonl(&timing)).unwrap();
    let metric =
        json!({"metric": "quality", "values": [{"name": EVIL, "value": 1.5, "lower_is_better": true}]});
    let mut line = metric.clone();
    line["step"] = 5.into();
    fs::write(root.join("metrics.jsonl"), jsonl(&[line])).unwrap();
    let alert = json!({"step": 7, "symptom": EVIL, "state": "raised", "severity": "severe", "words": EVIL, "remedies": [EVIL]});
    fs::write(root.join("alerts.jsonl"), jsonl(&[alert])).unwrap();
    let summary = json!({
        "schema": 1, "outcome": "completed", "verdict": EVIL, "step": 10, "steps": 10, "images": 100, "seconds": 150.5,
        "metric": metric, "best": {"step": 5, "rule": EVIL},
        "run": {"data": {"name": EVIL}, "warnings": [EVIL]},
    });
    fs::write(root.join("summary.json"), summary.to_string()).unwrap();
    for name in ["step-000000.png", "step-000010.png", "real.png"] {
        image::GrayImage::new(4, 4).save(root.join("samples").join(name)).unwrap();
    }
}

fn read(root: &Path) -> run::RunReport {
    RunReader::open(root).unwrap().read(Pictures::Embedded(PICTURES), false)
}

/// The data of a page, as a browser finds them.
fn data_of(page: &str) -> Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn a_page_shows_evil_texts_and_does_not_obey_them() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("</script><b>'&\"");
    fs::create_dir_all(root.parent().unwrap()).unwrap();
    write_run(&root);
    let page = fs::read_to_string(write_into(&root).unwrap()).unwrap();
    assert!(!page.contains("alert(1)</script>") && !page.contains("<b>'&\""));
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    assert!(
        page.contains("&lt;/script&gt;&lt;script&gt;alert(1)"),
        "the verdict is shown without scripts, too"
    );
    let (_, script) = page.split_once("id=\"data\">").unwrap();
    assert!(!script.contains('\u{2028}'));
    let run = &data_of(&page)["runs"][0];
    for place in
        ["/preset", "/verdict", "/best/1", "/alerts/0/words", "/config/1/0", "/facts/0/text", "/warnings/0"]
    {
        assert_eq!(run.pointer(place).and_then(Value::as_str), Some(EVIL), "{place}");
    }
    // Nothing is asked of a network.
    assert!(page.contains("default-src 'none'") && page.contains("connect-src 'none'"));
    let names = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.into_iter().all(|name| !name.ends_with(".tmp")));
}

#[test]
fn numbers_come_to_the_page_as_they_were_logged() {
    let dir = tempfile::tempdir().unwrap();
    write_run(dir.path());
    let run = serde_json::to_value(read(dir.path())).unwrap();
    assert_eq!(run["log"]["step"], json!([2, 4, 6, 8, 10]));
    assert_eq!(run["log"]["images"], json!([20.0, 40.0, 60.0, 80.0, 100.0]));
    assert_eq!(run["log"]["minutes"], json!([0.5, 1.0, 1.5, 2.0, 2.5]));
    assert_eq!(run["log"]["values"]["loss_d"], json!([1.0, 0.5, 0.333333, 0.25, 0.2]));
    assert_eq!(run["log"]["values"]["loss_g"], json!([null, null, null, null, null]));
    assert!(run["log"]["values"].get("x").is_none());
    // Between two logged steps.
    assert_eq!((&run["metrics"]["step"], &run["metrics"]["images"]), (&json!([5]), &json!([50.0])));
    assert_eq!(run["metrics"]["minutes"], json!([1.25]));
    assert_eq!(run["latest"]["values"][0]["value"], 1.5);
    assert_eq!(run["state"], "completed");
    assert_eq!(run["pictures"].as_array().unwrap().len(), 2);
    assert_eq!(run["remarks"], json!([]));
}

#[test]
fn a_run_that_has_only_begun_or_is_damaged_has_a_page_with_remarks() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    assert!(RunReader::open(root).is_err());
    fs::write(root.join("run.toml"), "").unwrap();
    let run = read(root);
    assert_eq!((run.state, run.step, run.remarks.len()), (State::Unfinished, 0, 0));
    let page = Report::new(vec![run], None).to_html();
    assert_eq!(data_of(&page)["runs"][0]["log"]["step"], json!([]));

    for file in ["run.toml", "summary.json", "log.jsonl", "metrics.jsonl", "timing.jsonl", "alerts.jsonl"] {
        fs::write(root.join(file), "{\u{0}[\n{]\n").unwrap();
    }
    let run = read(root);
    assert_eq!(run.remarks.len(), 6, "{:?}", run.remarks);
    for file in ["run.toml", "summary.json"] {
        fs::write(root.join(file), vec![b' '; 5 << 20]).unwrap();
    }
    assert!(read(root).remarks.iter().filter(|remark| remark.contains("more than")).count() == 2);
    for file in ["log.jsonl", "summary.json"] {
        fs::remove_file(root.join(file)).unwrap();
        fs::create_dir(root.join(file)).unwrap();
    }
    assert!(read(root).remarks.iter().any(|remark| remark.starts_with("log.jsonl: ")));
}

#[test]
fn the_summary_of_an_earlier_stretch_is_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    write_run(dir.path());
    let mut log = fs::read_to_string(dir.path().join("log.jsonl")).unwrap();
    log.truncate(log.rfind('{').unwrap());
    fs::write(dir.path().join("log.jsonl"), log + "{\"step\":12,\"images\":120,\"loss_d\":0.1}\n").unwrap();
    let run = read(dir.path());
    assert_eq!((run.state, run.step, run.verdict), (State::Unfinished, 12, None));
}

#[test]
fn a_page_that_is_served_reads_on_and_names_its_pictures() {
    let dir = tempfile::tempdir().unwrap();
    write_run(dir.path());
    let mut reader = RunReader::open(dir.path()).unwrap();
    let run = reader.read(Pictures::Served, true);
    assert_eq!((run.state, run.step), (State::Training, 10));
    assert_eq!(run.pictures[1].src, "picture/10");
    let log = fs::read_to_string(dir.path().join("log.jsonl")).unwrap();
    fs::write(dir.path().join("log.jsonl"), log + "ss_d\":0.125}\n").unwrap();
    let run = serde_json::to_value(reader.read(Pictures::Served, true)).unwrap();
    assert_eq!(run["step"], 12);
    assert_eq!(run["log"]["values"]["loss_d"][5], 0.125);
    let page = Report::new(Vec::new(), Some(2)).to_html();
    assert!(page.contains("connect-src 'self'") && page.contains("img-src data: 'self'"));
}

#[test]
fn texts_are_cut_at_a_letter() {
    let long = "é".repeat(MOST_TEXT + 1);
    assert_eq!(shortened(&long).chars().count(), MOST_TEXT + 1);
    assert_eq!(shortened("é"), "é");
    assert_eq!(text(&json!({"a": [1]})), "{\"a\":[1]}");
}
