//! Progress on standard error: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use ganymede_train::monitor::{Alert, AlertState};
use ganymede_train::{Event, LogEntry, Observer, Progress, figure};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{interrupt, words};

/// Plain lines come no faster than this: they end up in log files.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

/// Shows a run.
pub(crate) struct Terminal {
    shown: Shown,
}

enum Shown {
    Nothing,
    Bar(ProgressBar),
    Lines { next: Instant },
}

impl Terminal {
    pub(crate) fn new(quiet: bool, step: u64, steps: u64) -> Self {
        let shown = if quiet {
            Shown::Nothing
        } else if std::io::stderr().is_terminal() {
            Shown::Bar(bar(step, steps))
        } else {
            Shown::Lines { next: Instant::now() + Duration::from_secs(1) }
        };
        Self { shown }
    }

    /// Takes the bar away.
    pub(crate) fn close(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

fn bar(step: u64, steps: u64) -> ProgressBar {
    let bar = ProgressBar::new(steps).with_position(step);
    let template = "{bar:24.cyan/blue} {pos}/{len} steps  {msg}";
    bar.set_style(ProgressStyle::with_template(template).expect("the template is well formed"));
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}

impl Observer for Terminal {
    fn stepped(&mut self, progress: &Progress<'_>) {
        match &mut self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => {
                bar.set_position(progress.step);
                bar.set_message(message(progress));
            }
            Shown::Lines { next } => {
                let now = Instant::now();
                if now >= *next || progress.step == progress.steps {
                    *next = now + BETWEEN_LINES;
                    let (step, steps) = (progress.step, progress.steps);
                    words::say(&format!("step {step}/{steps}  {}", message(progress)));
                }
            }
        }
    }

    fn happened(&mut self, event: &Event<'_>) {
        let Event::Alerted(alert) = event else { return };
        match &self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => bar.suspend(|| words::say(&told(alert))),
            Shown::Lines { .. } => words::say(&told(alert)),
        }
    }

    fn stop_requested(&mut self) -> bool {
        interrupt::requested()
    }
}

/// An alert in a line, and what may help in the next.
fn told(alert: &Alert) -> String {
    let Alert { step, symptom, .. } = alert;
    if alert.state == AlertState::Cleared {
        return format!("cleared: {symptom} at step {step}");
    }
    let mut text = format!("{}: {symptom} at step {step}: {}", alert.severity.name(), alert.words);
    if let Some(remedy) = alert.remedies.first().filter(|remedy| !remedy.set.is_empty()) {
        let sets: Vec<String> = remedy.set.iter().map(|set| format!("--set '{set}'")).collect();
        text += &format!("\n  try {}  ({})", sets.join(" "), remedy.words);
    }
    text
}

fn message(progress: &Progress<'_>) -> String {
    let done = progress.step - progress.first_step;
    let left = (progress.steps - progress.step) as f64;
    let left = words::duration(left * progress.seconds / done.max(1) as f64);
    let speed = format!("{:.0} images/s  {left} left", progress.images_per_second);
    match progress.last {
        Some(entry) => format!("{speed}  {}", losses(entry)),
        None => speed,
    }
}

fn losses(entry: &LogEntry) -> String {
    let value = |name: &str| entry.get(name).map(|x| figure(x, 3)).unwrap_or_default();
    let penalty =
        entry.get("penalty").map(|penalty| format!(" + {}", figure(penalty, 3))).unwrap_or_default();
    format!("loss D {}{penalty}  G {}", value("loss_d"), value("loss_g"))
}
