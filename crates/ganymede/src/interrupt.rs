//! Signals that ask for an end: while a run trains or samples are drawn the first asks politely; the second, or one at
//! another time, leaves.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::words;

static ASKED: AtomicUsize = AtomicUsize::new(0);
/// What the first signal is answered with, from the moment on that it is only a request.
static PROMISE: OnceLock<&str> = OnceLock::new();

/// From here on Ctrl-C, SIGTERM and SIGHUP end the program with a word, but for those that were ignored when it
/// started.
pub(crate) fn catch() -> anyhow::Result<()> {
    ganymede_files::catch_interrupts(|signal, _| {
        if let Some(promise) = PROMISE.get()
            && ASKED.fetch_add(1, Ordering::SeqCst) == 0
        {
            words::say(&format!("\n{promise}; once more leaves at once"));
        } else {
            words::say(&format!("\ninterrupted by {signal}"));
            std::process::exit(i32::from(crate::Exit::Interrupted as u8));
        }
    })?;
    Ok(())
}

/// From here on the first signal only asks for an end, which the work comes to by itself as `promise` says.
pub(crate) fn ask_politely(promise: &'static str) {
    let _ = PROMISE.set(promise);
}

/// Whether an end was asked for.
pub(crate) fn requested() -> bool {
    ASKED.load(Ordering::SeqCst) > 0
}
