//! Signals that ask for an end: while a run trains the first asks politely; the second, or one at another time,
//! leaves.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::words;

static ASKED: AtomicUsize = AtomicUsize::new(0);
static TRAINING: AtomicBool = AtomicBool::new(false);

/// From here on Ctrl-C, SIGTERM and SIGHUP end the program with a word, but for those that were ignored when it
/// started.
pub(crate) fn catch() -> anyhow::Result<()> {
    ganymede_files::catch_interrupts(|signal, _| {
        if TRAINING.load(Ordering::SeqCst) && ASKED.fetch_add(1, Ordering::SeqCst) == 0 {
            words::say("\nfinishing this step and writing a checkpoint; once more leaves at once");
        } else {
            words::say(&format!("\ninterrupted by {signal}"));
            std::process::exit(i32::from(crate::Exit::Interrupted as u8));
        }
    })?;
    Ok(())
}

/// From here on the first signal only asks for an end, which the run comes to by itself.
pub(crate) fn ask_politely() {
    TRAINING.store(true, Ordering::SeqCst);
}

/// Whether an end was asked for.
pub(crate) fn requested() -> bool {
    ASKED.load(Ordering::SeqCst) > 0
}
