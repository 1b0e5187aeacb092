//! Changes of the environment while other threads may read it.
//!
//! candle takes three settings from environment variables only. `setenv`, and with it [`std::env::set_var`],
//! moves and frees what a `getenv` on another thread is reading at that moment: Rust's own functions take a
//! lock, C libraries (a resolver, a GPU's driver) do not. So on Unix the environment is exchanged as a whole
//! for one that is made beforehand, by storing one pointer; whoever reads gets the old one or the new one,
//! and both stay in memory, unchanged, for as long as the process lives. They are a few kilobytes, and are
//! made five times.
//!
//! A thread that *changes* the environment in that instant may lose its change. It may not do so beside
//! other threads anyway: that is what the safety of `set_var` asks of its caller.

use std::sync::{Mutex, PoisonError};

/// One change at a time.
static CHANGING: Mutex<()> = Mutex::new(());

/// Runs `f` while the environment has `name` with `value`, or does not have it, and puts back what was there.
pub(super) fn with<R>(name: &str, value: Option<&str>, f: impl FnOnce() -> R) -> R {
    let _one = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
    let before = platform::exchange(name, value);
    let result = f();
    platform::put_back(name, before);
    result
}

/// Gives `name` a value for good.
pub(super) fn set(name: &str, value: &str) {
    let _one = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
    platform::exchange(name, Some(value));
}

/// Gives `name` a value for good, unless it has one.
pub(super) fn set_default(name: &str, value: &str) {
    let _one = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
    if std::env::var_os(name).is_none() {
        platform::exchange(name, Some(value));
    }
}

// Miri's `getenv` reads an environment of its own.
#[cfg(all(unix, not(miri)))]
mod platform {
    use std::ffi::{CString, OsStr, OsString, c_char};
    use std::os::unix::ffi::OsStringExt;
    use std::ptr::null_mut;
    use std::sync::atomic::{AtomicPtr, Ordering};

    /// An environment: texts `NAME=VALUE`, and a null pointer after the last.
    type Environment = *mut *mut c_char;

    /// What was exchanged.
    pub(super) struct Exchanged {
        old: Environment,
        new: Environment,
    }

    pub(super) fn exchange(name: &str, value: Option<&str>) -> Exchanged {
        let new = leaked(name, value);
        Exchanged { old: current().swap(new, Ordering::AcqRel), new }
    }

    /// Leaves the environment alone where somebody else has changed it meanwhile.
    pub(super) fn put_back(_name: &str, Exchanged { old, new }: Exchanged) {
        let _ = current().compare_exchange(new, old, Ordering::AcqRel, Ordering::Relaxed);
    }

    /// A copy of the environment with `name` set to `value`, or without it. It is never freed.
    fn leaked(name: &str, value: Option<&str>) -> Environment {
        let others = std::env::vars_os().filter(|(other, _)| other != OsStr::new(name));
        let own = value.map(|value| (OsString::from(name), OsString::from(value)));
        let text = |(name, value): (OsString, OsString)| {
            let text = [name.into_vec(), value.into_vec()].join(&b'=');
            // What came out of a text of C has no zero in it.
            CString::new(text).ok().map(CString::into_raw)
        };
        let texts = others.chain(own).filter_map(text).chain([null_mut()]);
        texts.collect::<Vec<_>>().leak().as_mut_ptr()
    }

    /// The C library's pointer to the environment.
    #[allow(unsafe_code)]
    fn current() -> &'static AtomicPtr<*mut c_char> {
        // SAFETY: the pointer is a variable of the C library, aligned, there as long as the process. The
        // library itself reads it as a plain word: on every Unix that Rust has been brought to that is one
        // load, which sees the pointer before or after a store, never parts of both; and what either points
        // to is never freed. POSIX lets a program assign `environ`.
        unsafe { AtomicPtr::from_ptr(location()) }
    }

    #[cfg(not(target_vendor = "apple"))]
    #[allow(unsafe_code)]
    fn location() -> *mut Environment {
        // SAFETY: the variable that POSIX describes, of this type.
        unsafe extern "C" {
            static mut environ: Environment;
        }
        &raw mut environ
    }

    #[cfg(target_vendor = "apple")]
    #[allow(unsafe_code)]
    fn location() -> *mut Environment {
        // SAFETY: the function that Apple's `crt_externs.h` declares, of this type.
        unsafe extern "C" {
            fn _NSGetEnviron() -> *mut Environment;
        }
        // SAFETY: takes nothing, and gives the address of the variable. Dynamic libraries have no `environ`.
        unsafe { _NSGetEnviron() }
    }
}

#[cfg(any(not(unix), miri))]
mod platform {
    use std::ffi::OsString;

    pub(super) fn exchange(name: &str, value: Option<&str>) -> Option<OsString> {
        let before = std::env::var_os(name);
        put_back(name, value.map(OsString::from));
        before
    }

    #[allow(unsafe_code)]
    pub(super) fn put_back(name: &str, value: Option<OsString>) {
        // SAFETY: on Windows these functions may be called at any time; other systems without `environ`
        // have no threads.
        unsafe {
            match value {
                Some(value) => std::env::set_var(name, value),
                None => std::env::remove_var(name),
            }
        }
    }
}

#[cfg(test)]
mod tests;
