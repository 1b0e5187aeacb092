//! Whether the standard output of a program was open when it began.

use std::sync::atomic::{AtomicBool, Ordering};

static CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether standard output was closed when the program began (`>&-` in a shell).
///
/// Before `main`, Rust opens `/dev/null` in its place, and what is written there is lost without an error. Known on
/// Linux; elsewhere always false.
pub fn stdout_was_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

#[cfg(target_os = "linux")]
extern "C" fn look() {
    let found = rustix::io::fcntl_getfd(rustix::stdio::stdout());
    CLOSED.store(found == Err(rustix::io::Errno::BADF), Ordering::Relaxed);
}

// SAFETY: the section holds the addresses of functions that the C library calls with no thread but this one running,
// before Rust's own start; `look` makes one system call and stores one atomic byte, and needs nothing that Rust sets up.
#[cfg(target_os = "linux")]
#[used]
#[allow(unsafe_code)]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;
