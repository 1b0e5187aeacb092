//! What `metrics.jsonl` and the summary say of the samples, in whatever words a version used.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::curves::finite;
use super::text;

/// Values of a measurement, classes and whatever else is a list, at most.
const MOST_VALUES: usize = 100;

/// What was measured at one step.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Measured {
    pub(super) step: u64,
    pub(super) values: Vec<MeasuredValue>,
    pub(super) classes: Vec<Class>,
    /// Measures that could not be computed, with the reason.
    pub(super) left_out: Vec<[String; 2]>,
    /// What the values depend on, by name.
    #[serde(skip)]
    pub(super) provenance: Vec<[String; 2]>,
}

/// One value with what is known of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct MeasuredValue {
    pub(super) name: String,
    pub(super) value: Option<f64>,
    /// Where it lies with 95 %, where that is known.
    pub(super) interval: Option<[f64; 2]>,
    pub(super) lower_is_better: Option<bool>,
    /// The same between real samples.
    pub(super) between_reals: Option<f64>,
}

/// How often a class is seen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) real: Option<f64>,
    pub(super) generated: Option<f64>,
}

impl Measured {
    /// Reads a record of `metrics.jsonl`, or the part `metric` of a summary.
    pub(super) fn read(step: u64, record: &Map<String, Value>) -> Self {
        let between = record.get("between_reals").and_then(finite);
        let mut found = Self { step, ..Self::default() };
        let plain = |name: &str, better: Option<bool>, between_reals| {
            let value = record.get(name).filter(|value| value.is_number() || value.is_null())?;
            let (name, value) = (name.replace('_', "-"), finite(value));
            Some(MeasuredValue { name, value, interval: None, lower_is_better: better, between_reals })
        };
        match record.get("metric").and_then(Value::as_str) {
            Some("mode-coverage") => {
                found.values.extend(plain("modes_covered", Some(false), None));
                found.values.extend(plain("high_quality", Some(false), None));
                found.values.extend(plain("modes_hit", Some(false), None));
                found.values.extend(plain("reverse_kl", Some(true), None));
            }
            Some("sliced-wasserstein") => found.values.extend(plain("distance", Some(true), between)),
            Some("quality") => found.read_quality(record, between),
            _ => {
                let names = record.keys().filter(|name| !["step", "images"].contains(&name.as_str()));
                found.values = names.take(MOST_VALUES).filter_map(|name| plain(name, None, None)).collect();
            }
        }
        found
    }

    fn read_quality(&mut self, record: &Map<String, Value>, between: Option<f64>) {
        for value in items(record, "values") {
            let Some(name) = value.get("name") else { continue };
            // The first measure is the one that has the comparison.
            let between_reals = between.filter(|_| self.values.is_empty());
            self.values.push(MeasuredValue {
                name: text(name),
                value: value.get("value").and_then(finite),
                interval: interval(value),
                lower_is_better: value.get("lower_is_better").and_then(Value::as_bool),
                between_reals,
            });
        }
        for class in items(record, "classes") {
            let share = |side: &str| class.get(side).and_then(finite).map(|share| share.clamp(0.0, 1.0));
            let name = class.get("class").map(text).unwrap_or_default();
            self.classes.push(Class { name, real: share("real"), generated: share("generated") });
        }
        for left in items(record, "left_out") {
            let part = |name: &str| left.get(name).map(text).unwrap_or_default();
            self.left_out.push([part("measure"), part("reason")]);
        }
        let provenance = record.get("provenance").and_then(Value::as_object);
        let known = provenance.into_iter().flatten().filter(|(_, value)| !value.is_null());
        self.provenance = known.take(MOST_VALUES).map(|(name, value)| [name.clone(), text(value)]).collect();
    }

    /// The values as points of curves.
    pub(super) fn row(&self) -> BTreeMap<String, Option<f64>> {
        self.values.iter().map(|value| (value.name.clone(), value.value)).collect()
    }
}

fn items<'a>(record: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Map<String, Value>> {
    let list = record.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object).take(MOST_VALUES)
}

/// `"interval": [low, high]` or `{"low": …, "high": …}`, or both beside the value.
fn interval(value: &Map<String, Value>) -> Option<[f64; 2]> {
    let ends = match value.get("interval") {
        Some(Value::Array(ends)) => [ends.first(), ends.get(1)],
        Some(Value::Object(ends)) => [ends.get("low"), ends.get("high")],
        _ => [value.get("low"), value.get("high")],
    };
    let [low, high] = ends.map(|end| end.and_then(finite));
    low.zip(high).filter(|(low, high)| low <= high).map(|(low, high)| [low, high])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(record: Value) -> Measured {
        Measured::read(7, record.as_object().unwrap())
    }

    #[test]
    fn every_metric_of_this_version_is_read() {
        let quality = read(json!({
            "metric": "quality",
            "values": [
                {"name": "fid-x-2k", "value": 12.5, "lower_is_better": true, "interval": [11.0, 14.0]},
                {"name": "recall-x-2k", "value": null, "lower_is_better": false, "low": 0.5, "high": 0.25},
                {"value": 3}, "odd",
            ],
            "between_reals": 0.25,
            "classes": [{"class": "Bag", "real": 0.5, "generated": 7.0}],
            "left_out": [{"measure": "kid", "reason": "too few"}],
            "provenance": {"extractor": "x", "seed": 3, "resize": null},
        }));
        assert_eq!(quality.values.len(), 2);
        let [fid, recall] = &quality.values[..] else { panic!("{quality:?}") };
        assert_eq!(
            (fid.value, fid.interval, fid.between_reals),
            (Some(12.5), Some([11.0, 14.0]), Some(0.25))
        );
        assert_eq!((recall.value, recall.interval, recall.between_reals), (None, None, None));
        assert_eq!(quality.classes[0].generated, Some(1.0));
        assert_eq!(quality.left_out, [["kid".to_owned(), "too few".to_owned()]]);
        assert_eq!(quality.provenance.len(), 2);

        let modes =
            read(json!({"metric": "mode-coverage", "modes_covered": 7, "modes": 8, "high_quality": 0.5}));
        assert_eq!(
            modes.row(),
            BTreeMap::from([("high-quality".into(), Some(0.5)), ("modes-covered".into(), Some(7.0))])
        );
        let distance = read(json!({"metric": "sliced-wasserstein", "distance": 0.5, "between_reals": 0.1}));
        assert_eq!(distance.values[0].between_reals, Some(0.1));
    }

    #[test]
    fn other_metrics_give_their_numbers() {
        let other = read(json!({"step": 3, "joy": 0.5, "why": "x", "none": null}));
        assert_eq!(other.row(), BTreeMap::from([("joy".into(), Some(0.5)), ("none".into(), None)]));
        assert!(read(json!({"metric": "quality", "values": 3, "classes": {}})).values.is_empty());
    }
}
