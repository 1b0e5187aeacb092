//! Event files of TensorBoard: written, and read within bounds, whoever wrote them.
//!
//! A file is a row of records of TensorFlow's TFRecord, each a protobuf message `Event`; both are written down in
//! `tensorboard/compat/proto/event.proto` and `summary.proto` of TensorBoard. Here is what scalars, pictures, texts
//! and histograms need of them, and of what others write there, scalars in all three ways: `simple_value` (TensorFlow 1,
//! `torch.utils.tensorboard`), a tensor with its numbers in a list (`new_style` of the latter), and a tensor with its
//! numbers as bytes (TensorFlow 2).

mod frame;
mod histogram;
mod read;
mod scalars;
mod summary;
#[cfg(test)]
mod tests;
mod wire;

pub use frame::framed;
pub use histogram::Histogram;
pub use read::{Event, EventContent, EventData, EventReader, EventValue};
pub use scalars::{EventScalars, ScalarPoint};
pub use summary::{EventSummary, start_event, version_event};
