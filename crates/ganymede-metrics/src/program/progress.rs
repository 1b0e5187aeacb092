//! Progress on standard error: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::words;

/// Plain lines come no faster than this: they end up in log files.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

/// Something that takes a while, and how far it is.
pub(crate) struct Progress {
    what: String,
    total: u64,
    started: Instant,
    shown: Shown,
}

enum Shown {
    Nothing,
    Bar(ProgressBar),
    Lines { next: Instant },
}

impl Progress {
    pub(crate) fn new(quiet: bool, what: &str, unit: &str, total: u64) -> Self {
        let now = Instant::now();
        let shown = if quiet {
            Shown::Nothing
        } else if std::io::stderr().is_terminal() {
            Shown::Bar(bar(what, unit, total))
        } else {
            Shown::Lines { next: now + BETWEEN_LINES }
        };
        Self { what: format!("{what}, {unit}"), total, started: now, shown }
    }

    pub(crate) fn at(&mut self, position: u64) {
        match &mut self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => bar.set_position(position),
            Shown::Lines { next } => {
                let now = Instant::now();
                if now >= *next {
                    *next = now + BETWEEN_LINES;
                    let speed = position as f64 / (now - self.started).as_secs_f64();
                    words::say(&format!("{}: {position} of {} ({speed:.1} a second)", self.what, self.total));
                }
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

fn bar(what: &str, unit: &str, total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    let template = "{msg} {bar:24.cyan/blue} {pos}/{len} {prefix}  {per_sec}  {eta} left";
    bar.set_style(ProgressStyle::with_template(template).expect("the template is well formed"));
    bar.set_message(what.to_owned());
    bar.set_prefix(unit.to_owned());
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}
