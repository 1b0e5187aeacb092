//! `alerts.jsonl`: what was noticed while a run trained. Not every run has one.

use std::path::Path;

use ganymede_train::figure;
use serde::Serialize;
use serde_json::{Map, Value};

use super::run::whole;
use super::text;
use crate::jsonl::GrowingFile;

/// Alerts that are shown; of more, the newest.
const MOST_SHOWN: usize = 200;
const MOST_REMEDIES: usize = 20;

/// Something that was noticed, or that has passed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Alert {
    step: u64,
    symptom: String,
    /// `raised` or `cleared`.
    state: String,
    /// `note`, `warning` or `severe`.
    severity: String,
    words: String,
    evidence: String,
    remedies: Vec<String>,
}

/// The alerts of a run in the order of its steps, and how many lines were no records.
pub(super) fn read(root: &Path) -> (Vec<Alert>, u64) {
    let mut file = GrowingFile::new(root.join("alerts.jsonl"));
    let (mut alerts, mut odd) = (std::collections::VecDeque::new(), 0);
    let read = file.read(|record| match alert(&record) {
        Some(alert) => {
            if alerts.len() == MOST_SHOWN {
                alerts.pop_front();
            }
            alerts.push_back(alert);
        }
        None => odd += 1,
    });
    let mut alerts: Vec<Alert> = alerts.into();
    alerts.sort_by_key(|alert| alert.step);
    (alerts, odd + file.damaged() + u64::from(read.is_err()))
}

fn alert(record: &Map<String, Value>) -> Option<Alert> {
    let word = |name: &str| record.get(name).map(text).unwrap_or_default();
    let known = |name: &str, all: &[&str]| {
        let found = record.get(name).and_then(Value::as_str).unwrap_or_default();
        all.iter().find(|known| **known == found).unwrap_or(&all[0]).to_string()
    };
    let remedies = record.get("remedies").and_then(Value::as_array);
    Some(Alert {
        step: whole(record, "step")?,
        symptom: word("symptom"),
        state: known("state", &["raised", "cleared"]),
        severity: known("severity", &["note", "warning", "severe"]),
        words: word("words"),
        evidence: evidence(record.get("evidence")),
        remedies: remedies.into_iter().flatten().take(MOST_REMEDIES).map(remedy).collect(),
    })
}

/// Names and numbers, or whatever it is.
fn evidence(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Object(fields)) => {
            // The doctor's statistics lie in a map of their own.
            let parts = fields.iter().flat_map(|(name, value)| match value {
                Value::Object(within) => within.iter().collect(),
                value => vec![(name, value)],
            });
            let parts: Vec<String> = parts.map(|(name, value)| format!("{name} {}", short(value))).collect();
            text(&Value::from(parts.join(", ")))
        }
        Some(other) => text(other),
    }
}

/// A number with as many digits as one looks at; the ends of a window as `5 to 10`.
fn short(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(x) if number.to_string().len() > 8 => figure(x, 4),
            _ => number.to_string(),
        },
        Value::Array(ends) if ends.len() == 2 => format!("{} to {}", short(&ends[0]), short(&ends[1])),
        other => text(other),
    }
}

/// A sentence, or an object that has one among its texts, and settings in a list.
fn remedy(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let texts: Vec<&str> = fields.values().filter_map(Value::as_str).collect();
            let sets = fields.values().filter_map(Value::as_array).flatten().filter_map(Value::as_str);
            let typed: String = sets.map(|set| format!(" --set '{set}'")).collect();
            let lead = if typed.is_empty() { "" } else { ":" };
            text(&Value::from(format!("{}{lead}{typed}", texts.join(": "))))
        }
        other => text(other),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn settings_stand_beside_the_words_of_a_remedy_and_numbers_are_short() {
        let value =
            serde_json::json!({ "words": "penalise it", "set": ["penalty.0.gamma=1", "loss.kind=hinge"] });
        assert_eq!(remedy(&value), "penalise it: --set 'penalty.0.gamma=1' --set 'loss.kind=hinge'");
        assert_eq!(remedy(&serde_json::json!({ "words": "wait", "set": [] })), "wait");
        let value = serde_json::json!({ "window": [225, 700], "values": { "auc": 0.977_864_583, "n": 3 } });
        assert_eq!(evidence(Some(&value)), "window 225 to 700, auc 0.9779, n 3");
    }

    #[test]
    fn alerts_are_read_and_what_is_none_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()), (Vec::new(), 0));
        let lines = [
            r#"{"step":40,"symptom":"collapse","state":"raised","severity":"severe","evidence":{"share":0.5},"words":"One class is drawn.","remedies":["try r1",{"set":"a=b"}]}"#,
            r#"{"step":20,"symptom":"x","state":"odd","severity":7}"#,
            r#"{"symptom":"without a step"}"#,
            "nonsense",
            r#"{"step":60,"sym"#,
        ];
        fs::write(dir.path().join("alerts.jsonl"), lines.join("\n")).unwrap();
        let (alerts, odd) = read(dir.path());
        assert_eq!(odd, 2);
        let [note, severe] = &alerts[..] else { panic!("{alerts:?}") };
        assert_eq!((note.step, note.state.as_str(), note.severity.as_str()), (20, "raised", "note"));
        assert_eq!((severe.step, severe.severity.as_str()), (40, "severe"));
        assert_eq!((severe.evidence.as_str(), severe.remedies.len()), ("share 0.5", 2));
    }
}
