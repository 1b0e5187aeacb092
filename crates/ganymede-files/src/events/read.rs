//! Events one by one, of files that anybody wrote.

use std::io::{self, ErrorKind, Read};

use half::{bf16, f16};

use super::frame::{HEAD, MOST_RECORD, TAIL, masked};
use super::histogram::Histogram;
use super::wire::{Field, Fields};

/// A record of an event file.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Seconds since 1970.
    pub wall_time: f64,
    /// The step, as its program counts.
    pub step: i64,
    /// Where the record ends in the file, in bytes.
    pub end: u64,
    /// What it says.
    pub content: EventContent,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventContent {
    /// The version of the file, its first record.
    Version(String),
    /// A run goes on: what was written before of this step and later ones does not count.
    Start,
    /// Values.
    Summary(Vec<EventValue>),
    /// A graph, a message or the like.
    Other,
}

/// A value of a summary.
#[derive(Clone, Debug, PartialEq)]
pub struct EventValue {
    /// Its name.
    pub tag: String,
    /// Whose it is, `scalars` or `text`; often only the first value of a tag says so.
    pub plugin: Option<String>,
    /// The value.
    pub data: EventData,
}

/// What kind of value it is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventData {
    /// A number.
    Scalar(f64),
    /// A tensor of one number. It is a scalar unless the tag belongs to another plugin.
    Number(f64),
    /// Texts, or whatever else a tensor holds as bytes.
    Strings(Vec<Vec<u8>>),
    /// A picture.
    Image {
        /// Pixels across.
        width: u64,
        /// Pixels down.
        height: u64,
        /// The file.
        encoded: Vec<u8>,
    },
    /// Counts in buckets.
    Histogram(Histogram),
    /// Something else.
    Other,
}

/// Reads events. A record of more than 64 MiB is passed over, as [`EventContent::Other`].
#[derive(Debug)]
pub struct EventReader<R> {
    reader: R,
    at: u64,
    torn: bool,
}

impl<R: Read> EventReader<R> {
    /// From the beginning of a file. It is read in small pieces: buffer it.
    pub fn new(reader: R) -> Self {
        Self { reader, at: 0, torn: false }
    }

    /// Whether the file ended within a record, as one does that is being written to.
    pub fn is_torn(&self) -> bool {
        self.torn
    }

    /// The next event; `None` at the end of the file, or where its last record is torn.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidData`] names the byte at which a record begins whose checksum does not fit: from there on
    /// nothing can be read. Those of the reader.
    pub fn next_event(&mut self) -> io::Result<Option<Event>> {
        if self.torn {
            return Ok(None);
        }
        let Some(head) = self.bytes(HEAD as u64)? else { return Ok(None) };
        let (length, check) = head.split_at(8);
        if masked(length).to_le_bytes() != check {
            self.torn = true;
            return Err(self.damage("its length does not fit its checksum; it is no event file, or damaged"));
        }
        let length = length.try_into().map_or(0, u64::from_le_bytes);
        let begin = self.at;
        self.at = begin.saturating_add(HEAD as u64).saturating_add(length).saturating_add(TAIL as u64);
        if length > MOST_RECORD {
            let rest = length.saturating_add(TAIL as u64);
            let passed = io::copy(&mut self.reader.by_ref().take(rest), &mut io::sink())?;
            self.torn = passed < rest;
            let other = Event { wall_time: 0.0, step: 0, end: self.at, content: EventContent::Other };
            return Ok(Some(other).filter(|_| !self.torn));
        }
        let Some(record) = self.bytes(length + TAIL as u64)? else {
            self.torn = true;
            return Ok(None);
        };
        let (record, check) = record.split_at(length as usize);
        if masked(record).to_le_bytes() != check {
            self.torn = true;
            self.at = begin;
            return Err(self.damage("it does not fit its checksum"));
        }
        Ok(Some(event(record, self.at)))
    }

    fn damage(&self, reason: &str) -> io::Error {
        io::Error::new(ErrorKind::InvalidData, format!("the record at byte {}: {reason}", self.at))
    }

    /// So many bytes; `None`, and maybe torn, at the end of the file. A length that lies costs no memory.
    fn bytes(&mut self, count: u64) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        self.reader.by_ref().take(count).read_to_end(&mut bytes)?;
        let is_whole = bytes.len() as u64 == count;
        self.torn |= !is_whole && !bytes.is_empty();
        Ok(is_whole.then_some(bytes))
    }
}

fn event(record: &[u8], end: u64) -> Event {
    let fields = Fields::of(record);
    let content = if let Some(summary) = fields.last(5).and_then(Field::bytes) {
        EventContent::Summary(Fields::of(summary).all(1).filter_map(Field::bytes).map(value).collect())
    } else if let Some(version) = fields.last(3).and_then(Field::text) {
        EventContent::Version(version)
    } else {
        let log = fields.last(7).and_then(Field::bytes);
        let status = log.and_then(|log| Fields::of(log).last(1)).and_then(Field::whole);
        if status == Some(1) { EventContent::Start } else { EventContent::Other }
    };
    Event {
        wall_time: fields.last(1).and_then(Field::double).unwrap_or(0.0),
        // Two's complement, as protobuf has it.
        step: fields.last(2).and_then(Field::whole).unwrap_or(0) as i64,
        end,
        content,
    }
}

fn value(bytes: &[u8]) -> EventValue {
    let fields = Fields::of(bytes);
    let message = |field| fields.last(field).and_then(Field::bytes).map(Fields::of);
    let plugin = message(9).and_then(|metadata| metadata.last(1)?.bytes());
    let plugin = plugin.and_then(|plugin| Fields::of(plugin).last(1)?.text());
    let data = if let Some(number) = fields.last(2).and_then(Field::float) {
        EventData::Scalar(number.into())
    } else if let Some(image) = message(4) {
        image_of(image)
    } else if let Some(histogram) = message(5) {
        EventData::Histogram(histogram_of(histogram))
    } else {
        message(8).map_or(EventData::Other, tensor)
    };
    EventValue { tag: fields.last(1).and_then(Field::text).unwrap_or_default(), plugin, data }
}

fn image_of(image: Fields<'_>) -> EventData {
    let size = |field| image.last(field).and_then(Field::whole).unwrap_or(0);
    let encoded = image.last(4).and_then(Field::bytes).unwrap_or_default().to_vec();
    EventData::Image { width: size(2), height: size(1), encoded }
}

fn histogram_of(histogram: Fields<'_>) -> Histogram {
    let number = |field| histogram.last(field).and_then(Field::double).unwrap_or(0.0);
    let numbers = |field| histogram.all(field).flat_map(Field::doubles).collect();
    Histogram {
        min: number(1),
        max: number(2),
        count: number(3),
        sum: number(4),
        sum_of_squares: number(5),
        limits: numbers(6),
        counts: numbers(7),
    }
}

/// A tensor of one number, or of texts.
fn tensor(tensor: Fields<'_>) -> EventData {
    let strings: Vec<Vec<u8>> = tensor.all(8).filter_map(Field::bytes).map(<[u8]>::to_vec).collect();
    if !strings.is_empty() {
        return EventData::Strings(strings);
    }
    let shape = tensor.last(2).and_then(Field::bytes).map(Fields::of);
    let sizes = shape.into_iter().flat_map(|shape| shape.all(2)).filter_map(Field::bytes);
    let is_one = sizes.into_iter().all(|dim| Fields::of(dim).last(1).and_then(Field::whole) == Some(1));
    if !is_one {
        return EventData::Other;
    }
    let kind = tensor.last(1).and_then(Field::whole).unwrap_or(0);
    let raw = tensor.last(4).and_then(Field::bytes).unwrap_or_default();
    number(kind, raw).or_else(|| listed(kind, tensor)).map_or(EventData::Other, EventData::Number)
}

/// The one number of `tensor_content`, by the type's number in `types.proto` of TensorFlow.
fn number(kind: u64, raw: &[u8]) -> Option<f64> {
    Some(match kind {
        1 => f32::from_le_bytes(raw.try_into().ok()?).into(),
        2 => f64::from_le_bytes(raw.try_into().ok()?),
        3 => i32::from_le_bytes(raw.try_into().ok()?).into(),
        9 => i64::from_le_bytes(raw.try_into().ok()?) as f64,
        14 => bf16::from_le_bytes(raw.try_into().ok()?).into(),
        19 => f16::from_le_bytes(raw.try_into().ok()?).into(),
        _ => return None,
    })
}

/// The one number of a list; one that is 0 may have been left out.
fn listed(kind: u64, tensor: Fields<'_>) -> Option<f64> {
    let one = |values: Vec<f64>| match values[..] {
        [] => Some(0.0),
        [value] => Some(value),
        _ => None,
    };
    let wholes = |field| tensor.all(field).flat_map(Field::wholes);
    match kind {
        1 => one(tensor.all(5).flat_map(Field::floats).map(f64::from).collect()),
        2 => one(tensor.all(6).flat_map(Field::doubles).collect()),
        3 => one(wholes(7).map(|value| f64::from(value as i32)).collect()),
        9 => one(wholes(10).map(|value| value as i64 as f64).collect()),
        14 => one(wholes(13).map(|bits| bf16::from_bits(bits as u16).into()).collect()),
        19 => one(wholes(13).map(|bits| f16::from_bits(bits as u16).into()).collect()),
        _ => None,
    }
}
