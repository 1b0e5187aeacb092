//! Signals that ask a program to end: Ctrl-C, the terminal's going, a polite kill.

use std::io;

/// Calls `on_signal` with the name of each signal that asks the program to end and with how many have come, from a
/// thread of its own: SIGINT, SIGTERM and, on Unix, SIGHUP.
///
/// A signal that is ignored when the program starts stays ignored: that is how `nohup` keeps a program alive when
/// its terminal goes, and how a shell keeps Ctrl-C from what it runs in the background. Linux says which they are;
/// on another Unix SIGHUP is left as it was found, so that `nohup` holds there, too.
///
/// # Errors
/// The system refuses the handler.
pub fn catch_interrupts(on_signal: impl FnMut(&'static str, usize) + Send + 'static) -> io::Result<()> {
    system::catch(on_signal)
}

#[cfg(unix)]
mod system {
    use std::io;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    const ALL: [(i32, &str); 3] = [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM"), (SIGHUP, "SIGHUP")];

    pub(super) fn catch(mut on_signal: impl FnMut(&'static str, usize) + Send + 'static) -> io::Result<()> {
        let ignored = ignored(std::fs::read_to_string("/proc/self/status").ok().as_deref());
        let heard = ALL.iter().map(|(signal, _)| *signal).filter(|signal| !is_in(ignored, *signal));
        let mut signals = Signals::new(heard)?;
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for (count, signal) in signals.forever().enumerate() {
                let name = ALL.iter().find(|(number, _)| *number == signal).map_or("a signal", |(_, n)| n);
                on_signal(name, count + 1);
            }
        })?;
        Ok(())
    }

    /// The set of signals that were ignored at the start, bit n − 1 for signal n; `status` as Linux writes it.
    pub(super) fn ignored(status: Option<&str>) -> u64 {
        let line = status.and_then(|text| text.lines().find_map(|line| line.strip_prefix("SigIgn:")));
        let set = line.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
        set.unwrap_or(1 << (SIGHUP - 1))
    }

    pub(super) fn is_in(set: u64, signal: i32) -> bool {
        set >> (signal - 1) & 1 == 1
    }
}

#[cfg(not(unix))]
mod system {
    use std::io;

    pub(super) fn catch(mut on_signal: impl FnMut(&'static str, usize) + Send + 'static) -> io::Result<()> {
        let mut count = 0;
        let handler = move || {
            count += 1;
            on_signal("Ctrl-C", count);
        };
        ctrlc::set_handler(handler).map_err(io::Error::other)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    use super::system::{ignored, is_in};

    #[test]
    fn what_was_ignored_is_read_off_the_status() {
        let status = |digits| format!("Name:\tx\nSigBlk:\t0000000000000000\nSigIgn:\t{digits}\nSigCgt:\t0\n");
        let check = |text: Option<&str>, wanted: [bool; 3]| {
            let set = ignored(text);
            assert_eq!([SIGHUP, SIGINT, SIGTERM].map(|signal| is_in(set, signal)), wanted, "{text:?}");
        };
        check(Some(&status("0000000000001000")), [false, false, false]);
        check(Some(&status("0000000000001001")), [true, false, false]);
        check(Some(&status("0000000000000006")), [false, true, false]);
        check(Some(&status("ffffffffffffffff")), [true, true, true]);
        // A system that does not say: what nohup ignores is not touched.
        check(None, [true, false, false]);
        check(Some("Name:\tx\n"), [true, false, false]);
        check(Some(&status("nonsense")), [true, false, false]);
    }
}
