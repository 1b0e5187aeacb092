//! Events as TensorBoard reads them.

use super::frame::framed;
use super::histogram::Histogram;
use super::wire::Message;

/// `DataType` of TensorFlow: a text.
const DT_STRING: u64 = 7;
/// `SessionLog.SessionStatus`.
const START: u64 = 1;

/// The first record of every file.
pub fn version_event(wall_time: f64) -> Vec<u8> {
    framed(&Message::default().double(1, wall_time).bytes(3, b"brain.Event:2").bytes)
}

/// A record that says: a run goes on here, and what was written before of this step and later ones does not count.
pub fn start_event(wall_time: f64, step: u64) -> Vec<u8> {
    let log = Message::default().whole(1, START);
    framed(&Message::default().double(1, wall_time).whole(2, step).bytes(7, &log.bytes).bytes)
}

/// Values of one step, which become one record.
///
/// ```
/// use ganymede_files::events::{EventContent, EventReader, EventSummary};
/// let bytes = EventSummary::default().scalar("loss/d", 0.5).event(1.7e9, 20);
/// let mut reader = EventReader::new(&bytes[..]);
/// let event = reader.next_event()?.ok_or("there is one")?;
/// assert_eq!(event.step, 20);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventSummary {
    values: Message,
}

impl EventSummary {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.values.bytes.is_empty()
    }

    fn value(self, value: Message) -> Self {
        Self { values: self.values.bytes(1, &value.bytes) }
    }

    /// A number. What is none, NaN or ±∞, is shown as such.
    #[must_use]
    pub fn scalar(self, tag: &str, value: f32) -> Self {
        self.value(Message::default().bytes(1, tag.as_bytes()).float(2, value))
    }

    /// A picture as a file of PNG, JPEG or GIF in colours, of `size` pixels across and down.
    #[must_use]
    pub fn image(self, tag: &str, size: (u32, u32), encoded: &[u8]) -> Self {
        let image = Message::default().whole(1, size.1.into()).whole(2, size.0.into()).whole(3, 3);
        self.value(Message::default().bytes(1, tag.as_bytes()).bytes(4, &image.bytes(4, encoded).bytes))
    }

    /// How numbers are distributed.
    #[must_use]
    pub fn histogram(self, tag: &str, found: &Histogram) -> Self {
        let moments = Message::default().double(1, found.min).double(2, found.max).double(3, found.count);
        let moments = moments.double(4, found.sum).double(5, found.sum_of_squares);
        let histogram = moments.doubles(6, &found.limits).doubles(7, &found.counts);
        self.value(Message::default().bytes(1, tag.as_bytes()).bytes(5, &histogram.bytes))
    }

    /// A text, which TensorBoard takes for Markdown.
    #[must_use]
    pub fn text(self, tag: &str, text: &str) -> Self {
        let plugin = Message::default().bytes(1, b"text");
        let metadata = Message::default().bytes(1, &plugin.bytes);
        let shape = Message::default().bytes(2, &Message::default().whole(1, 1).bytes);
        let tensor = Message::default().whole(1, DT_STRING).bytes(2, &shape.bytes).bytes(8, text.as_bytes());
        let value = Message::default().bytes(1, tag.as_bytes()).bytes(8, &tensor.bytes);
        self.value(value.bytes(9, &metadata.bytes))
    }

    /// The record of these values at a step, at so many seconds since 1970.
    pub fn event(&self, wall_time: f64, step: u64) -> Vec<u8> {
        let event = Message::default().double(1, wall_time).whole(2, step);
        framed(&event.bytes(5, &self.values.bytes).bytes)
    }
}
