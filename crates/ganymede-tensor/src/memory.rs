//! What the allocator of a program does with memory that a step has given back.

use std::ffi::c_int;

/// The number of `mi_option_purge_delay`, the same in versions 2 and 3 of mimalloc.
const PURGE_DELAY: c_int = 15;

/// Lets the allocator keep freed memory for the next step, instead of giving it back to the system after a while.
///
/// Each step of training frees hundreds of megabytes and asks for as much again. Given back in between, every page of
/// it is a fault, and zeros written by the kernel, once more. The largest resident set stays what it was; after the
/// largest step it does not shrink.
///
/// Made for programs whose global allocator is mimalloc; in others it has no effect. Call it first in `main`. A delay
/// that the environment sets (`MIMALLOC_PURGE_DELAY`, in milliseconds) is left alone.
#[allow(unsafe_code)]
pub fn keep_memory() {
    // SAFETY: the call writes one number of mimalloc's own, in bounds, and keeps no pointer. Another thread that frees
    // at this moment reads the old number or the new one, and both are good.
    unsafe { libmimalloc_sys::mi_option_set_default(PURGE_DELAY, -1) }
}

#[cfg(test)]
mod tests {
    use std::ffi::c_long;
    use std::process::Command;

    use super::*;

    #[allow(unsafe_code)]
    fn delay() -> c_long {
        // SAFETY: reads one number of mimalloc's own.
        unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) }
    }

    /// The environment knows the option by its name: what it sets arrives at our number, whatever the
    /// version. Options are of the whole process, so each case has one of its own.
    #[test]
    fn the_option_is_the_purge_delay() {
        const CASE: &str = "GANYMEDE_TEST_PURGE_DELAY";
        let run = |case: &str, delay: Option<&str>| {
            let mut child = Command::new(std::env::current_exe().expect("this test"));
            child.args(["--exact", "memory::tests::the_option_is_the_purge_delay"]).env(CASE, case);
            child.env_remove("MIMALLOC_PURGE_DELAY").envs(delay.map(|d| ("MIMALLOC_PURGE_DELAY", d)));
            assert!(child.output().expect("a child").status.success(), "{case}");
        };
        match std::env::var(CASE).as_deref() {
            Ok("set by the environment") => {
                assert_eq!(delay(), 4321);
                keep_memory();
                assert_eq!(delay(), 4321);
            }
            Ok(_) => {
                keep_memory();
                assert_eq!(delay(), -1);
            }
            Err(_) => {
                run("set by the environment", Some("4321"));
                run("set by us", None);
            }
        }
    }
}
