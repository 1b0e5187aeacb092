//! How far a count has come, on standard error: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::words;

/// Work that is over sooner says nothing on the way.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

pub(crate) struct Counter {
    bar: Option<ProgressBar>,
    total: usize,
    /// What is counted.
    noun: &'static str,
    next: Instant,
}

impl Counter {
    pub(crate) fn new(total: usize, noun: &'static str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:24.cyan/blue} {pos}/{len} {msg}  {eta} left");
            let style = style.expect("the template is well formed");
            ProgressBar::new(total as u64).with_style(style).with_message(noun)
        });
        Self { bar, total, noun, next: Instant::now() + BETWEEN_LINES }
    }

    pub(crate) fn at(&mut self, done: usize) {
        match &self.bar {
            Some(bar) => bar.set_position(done as u64),
            None if Instant::now() >= self.next => {
                self.next = Instant::now() + BETWEEN_LINES;
                words::say(&format!("{done} of {} {}", self.total, self.noun));
            }
            None => {}
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
