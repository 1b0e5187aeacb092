//! How a program watches a run without the library printing anything.

use std::path::Path;

use crate::monitor::Alert;
use crate::record::{LogEntry, MetricEntry};

/// Where a run stands after a step.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Generator updates made.
    pub step: u64,
    /// Generator updates to make.
    pub steps: u64,
    /// The step that it was started or last resumed at.
    pub first_step: u64,
    /// Real samples shown to the discriminator.
    pub images: u64,
    /// Seconds since then.
    pub seconds: f64,
    /// Real samples a second since then.
    pub images_per_second: f64,
    /// The last entry of the log.
    pub last: Option<&'a LogEntry>,
}

/// Something that happened between steps.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A line was added to the log.
    Logged(&'a LogEntry),
    /// A symptom was raised or cleared.
    Alerted(&'a Alert),
    /// A picture was drawn.
    Pictured(&'a Path),
    /// The samples were measured.
    Measured(&'a MetricEntry),
    /// A checkpoint was written.
    Checkpointed(&'a Path),
}

/// Watches a run. All methods do nothing unless written; they are called between steps on the training
/// thread.
pub trait Observer {
    /// After each step; must be quick.
    fn stepped(&mut self, progress: &Progress<'_>) {
        let _ = progress;
    }

    /// After something was written.
    fn happened(&mut self, event: &Event<'_>) {
        let _ = event;
    }

    /// Asked after each step, and again and again while samples are drawn or measured: `true` ends the run with a
    /// checkpoint, as [`crate::Outcome::Stopped`]. A measurement that it cuts short is made by the resume.
    fn stop_requested(&mut self) -> bool {
        false
    }
}

/// Watches nothing.
impl Observer for () {}
