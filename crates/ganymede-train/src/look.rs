//! A look at the generator, which may be cut short.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use rayon::ThreadPool;

/// Between two looks at whether a stop was asked for.
const BETWEEN_ASKING: Duration = Duration::from_millis(20);

/// What came of a look at the generator.
#[derive(Debug, PartialEq)]
pub(crate) enum Look<T> {
    /// What was to be seen.
    Seen(T),
    /// A stop was asked for; nothing was seen.
    CutShort,
    /// Something was not a finite number, in words.
    NotFinite(String),
}

impl<T> Look<T> {
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Look<U> {
        match self {
            Self::Seen(value) => Look::Seen(f(value)),
            Self::CutShort => Look::CutShort,
            Self::NotFinite(cause) => Look::NotFinite(cause),
        }
    }
}

/// The answer of `job`, which is computed in `pool`; or nothing, as soon as `stop` says so. What is left alone ends by
/// itself or with the program.
pub(crate) fn unless_stopped<T: Send + 'static>(
    pool: &ThreadPool,
    job: impl FnOnce() -> T + Send + 'static,
    stop: &mut dyn FnMut() -> bool,
) -> Option<T> {
    let (sender, receiver) = channel();
    pool.spawn(move || {
        // Nobody may be waiting any more.
        let _ = sender.send(catch_unwind(AssertUnwindSafe(job)));
    });
    loop {
        if stop() {
            return None;
        }
        match receiver.recv_timeout(BETWEEN_ASKING) {
            Ok(Ok(value)) => return Some(value),
            Ok(Err(panic)) => resume_unwind(panic),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => unreachable!("the job sends before it ends"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn work_without_end_is_left_alone() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(unless_stopped(&pool, || 7, &mut || false), Some(7));
        // This one waits until the end of the test.
        let (_keep, wait) = channel::<()>();
        let mut asked = 0;
        let mut stop = || {
            asked += 1;
            asked > 3
        };
        assert_eq!(unless_stopped(&pool, move || wait.recv().is_ok(), &mut stop), None);
    }

    #[test]
    fn a_panic_is_passed_on() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let caught =
            catch_unwind(AssertUnwindSafe(|| unless_stopped(&pool, || panic!("as in place"), &mut || false)));
        assert!(caught.is_err());
    }
}
