//! Files of PyTorch, of TensorFlow and of TensorBoard itself, and of nobody in his senses.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/events").join(name)
}

fn events(bytes: &[u8]) -> Vec<Event> {
    let mut reader = EventReader::new(bytes);
    std::iter::from_fn(|| reader.next_event().unwrap()).collect()
}

/// `gen.py` asked TensorBoard. Numbers come to us exactly as they lie in the file.
#[test]
fn scalars_are_those_that_tensorboard_reads() {
    let expected = fs::read_to_string(fixture("expected.tsv")).unwrap();
    let mut count = 0;
    for file in ["torch.tfevents", "tf2.tfevents", "golden.tfevents"] {
        let mut wanted: Vec<(&str, i64, u64)> = Vec::new();
        for line in expected.lines().filter(|line| line.starts_with(&format!("{file}\t"))) {
            let fields: Vec<&str> = line.split('\t').collect();
            let value: f64 = fields[3].parse().unwrap();
            wanted.push((fields[1], fields[2].parse().unwrap(), value.to_bits()));
        }
        let found = EventScalars::read(&fixture(file)).unwrap();
        assert_eq!(found.remarks, Vec::<String>::new());
        let points = found.tags.iter().flat_map(|(tag, points)| points.iter().map(move |point| (tag, point)));
        let found: Vec<_> =
            points.map(|(tag, point)| (tag.as_str(), point.step, point.value.to_bits())).collect();
        assert_eq!(found, wanted, "{file}");
        count += found.len();
    }
    assert_eq!(count, expected.lines().count());
}

#[test]
fn other_values_of_pytorch_are_read() {
    let all = events(&fs::read(fixture("torch.tfevents")).unwrap());
    assert!(matches!(&all[0].content, EventContent::Version(version) if version == "brain.Event:2"));
    let value = |tag: &str| {
        let summaries = all.iter().filter_map(|event| match &event.content {
            EventContent::Summary(values) => Some((event.step, values)),
            _ => None,
        });
        summaries
            .flat_map(|(step, values)| values.iter().map(move |v| (step, v)))
            .find(|(_, v)| v.tag == tag)
            .unwrap()
    };
    let (step, picture) = value("samples");
    let EventData::Image { width, height, encoded } = &picture.data else { panic!("{picture:?}") };
    assert_eq!((step, *width, *height, &encoded[..4]), (20, 5, 4, &b"\x89PNG"[..]));
    let (_, text) = value("words/text_summary");
    assert_eq!(text.plugin.as_deref(), Some("text"));
    assert_eq!(text.data, EventData::Strings(vec!["naïve **text**".into()]));
    let (_, weights) = value("weights");
    let EventData::Histogram(histogram) = &weights.data else { panic!("{weights:?}") };
    assert_eq!((histogram.count, histogram.counts.iter().sum::<f64>()), (50.0, 50.0));
    assert_eq!(histogram.limits.len(), histogram.counts.len());
}

/// What protobuf makes of TensorBoard's own messages, byte for byte.
#[test]
fn what_is_written_is_what_tensorboard_would_write() {
    let time = 1_700_000_000.25;
    let picture: Vec<u8> = (0..40).collect();
    let histogram = Histogram::of(&[-1.0, 0.0, 3.0]).unwrap();
    let values =
        EventSummary::default().scalar("loss/d", 0.1).scalar("loss/zero", 0.0).scalar("loss/nan", f32::NAN);
    let values = values.image("samples", (5, 4), &picture).histogram("weights", &histogram);
    let written = [
        version_event(time),
        start_event(time + 1.0, 1),
        EventSummary::default().text("config", "naïve").event(time, 0),
        values.event(time + 300.0, 300),
    ]
    .concat();
    assert_eq!(written, fs::read(fixture("golden.tfevents")).unwrap());

    // And our own reader has it all back.
    let all = events(&written);
    assert_eq!(all.last().unwrap().end, written.len() as u64);
    assert_eq!(all.iter().map(|event| event.step).collect::<Vec<_>>(), [0, 1, 0, 300]);
    assert_eq!((&all[1].content, all[1].wall_time), (&EventContent::Start, time + 1.0));
    let EventContent::Summary(values) = &all[3].content else { panic!("{:?}", all[3]) };
    assert_eq!(values[0].data, EventData::Scalar(0.1f32.into()));
    assert!(matches!(values[2].data, EventData::Scalar(value) if value.is_nan()));
    assert_eq!(values[3].data, EventData::Image { width: 5, height: 4, encoded: picture });
    assert_eq!(values[4].data, EventData::Histogram(histogram));
}

#[test]
fn a_torn_file_is_read_up_to_its_last_whole_record() {
    let bytes = fs::read(fixture("golden.tfevents")).unwrap();
    let ends: Vec<u64> = events(&bytes).iter().map(|event| event.end).collect();
    for cut in 0..bytes.len() {
        let mut reader = EventReader::new(&bytes[..cut]);
        let whole = std::iter::from_fn(|| reader.next_event().unwrap()).count();
        assert_eq!(whole, ends.iter().filter(|end| **end <= cut as u64).count(), "cut at {cut}");
        assert_eq!(reader.is_torn(), cut > 0 && !ends.contains(&(cut as u64)), "cut at {cut}");
    }
}

#[test]
fn damage_is_told_with_its_place_and_lengths_that_lie_cost_nothing() {
    let mut bytes = fs::read(fixture("golden.tfevents")).unwrap();
    let second = events(&bytes)[0].end;
    bytes[second as usize + 14] ^= 1;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.out.tfevents.1");
    fs::write(&path, &bytes).unwrap();
    let found = EventScalars::read(dir.path()).unwrap();
    assert!(found.tags.is_empty());
    assert!(
        found.remarks[0].contains(&format!("the record at byte {second}: it does not fit")),
        "{:?}",
        found.remarks
    );
    // A length of 2⁶³ with its right checksum, then nothing; and one of 65 MiB that is there.
    for length in [1u64 << 63, u64::MAX] {
        let length = length.to_le_bytes();
        let head = [&length[..], &frame::masked(&length).to_le_bytes(), b"few bytes"].concat();
        let mut reader = EventReader::new(&head[..]);
        assert_eq!(reader.next_event().unwrap(), None);
        assert!(reader.is_torn());
    }
    let large = [framed(&vec![0; 65 << 20]), version_event(1.0)].concat();
    let all = events(&large);
    assert_eq!((&all[0].content, all.len()), (&EventContent::Other, 2));

    fs::write(&path, b"<html>not found</html>").unwrap();
    assert!(EventScalars::read(&path).unwrap().remarks[0].contains("no event file"));
    let error = EventScalars::read(&dir.path().join("none")).unwrap_err();
    assert!(error.to_string().contains("none"), "{error}");
    fs::remove_file(&path).unwrap();
    assert!(EventScalars::read(dir.path()).unwrap_err().to_string().contains("no event file"));
}

#[test]
fn a_run_that_goes_on_in_another_file_takes_back_what_it_had_written() {
    let dir = tempfile::tempdir().unwrap();
    let at = |step: u64, value: f32| EventSummary::default().scalar("x", value).event(1.0, step);
    let first = [version_event(1.0), at(10, 1.0), at(20, 2.0), at(30, 3.0)].concat();
    let second = [version_event(2.0), start_event(2.0, 11), at(20, 4.0)].concat();
    fs::write(dir.path().join("events.out.tfevents.1"), first).unwrap();
    fs::write(dir.path().join("events.out.tfevents.2"), second).unwrap();
    fs::write(dir.path().join("notes.txt"), "x").unwrap();
    let found = EventScalars::read(dir.path()).unwrap();
    let points: Vec<(i64, f64)> = found.tags["x"].iter().map(|point| (point.step, point.value)).collect();
    assert_eq!(points, [(10, 1.0), (20, 4.0)]);
}
