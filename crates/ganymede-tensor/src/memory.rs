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
    use super::*;

    #[test]
    #[allow(unsafe_code)]
    fn the_option_is_the_purge_delay() {
        // SAFETY: reads one number of mimalloc's own.
        let delay = || unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        // Unless the environment says otherwise it is in milliseconds; no other option has such a default.
        assert_eq!(delay(), 1000);
        keep_memory();
        assert_eq!(delay(), -1);
    }
}
