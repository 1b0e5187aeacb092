//! Ctrl-C: the first asks politely, the second leaves.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::words;

static PRESSED: AtomicUsize = AtomicUsize::new(0);

/// From here on the first Ctrl-C (or SIGTERM) only asks for an end, and says `promise`; the second ends the program
/// at once.
pub(crate) fn catch(promise: &'static str) -> anyhow::Result<()> {
    ctrlc::set_handler(move || {
        if PRESSED.fetch_add(1, Ordering::SeqCst) == 0 {
            words::say(&format!("\n{promise}"));
        } else {
            std::process::exit(i32::from(crate::Exit::Interrupted as u8));
        }
    })?;
    Ok(())
}

/// Whether Ctrl-C was pressed.
pub(crate) fn requested() -> bool {
    PRESSED.load(Ordering::SeqCst) > 0
}
