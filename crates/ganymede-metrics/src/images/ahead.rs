//! Work done ahead by threads of its own, handed out in order.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Results of `0..total`, in order, made by threads that run at most `window` results ahead.
pub(super) struct Ahead<T> {
    shared: Arc<Shared<T>>,
    workers: Vec<JoinHandle<()>>,
}

struct Shared<T> {
    total: usize,
    window: usize,
    state: Mutex<State<T>>,
    /// Somebody took a result: there is room for another.
    room: Condvar,
    /// A result is there, or none will come.
    ready: Condvar,
}

struct State<T> {
    /// The next piece of work that nobody has begun.
    claimed: usize,
    /// The next result to be handed out.
    taken: usize,
    done: BTreeMap<usize, T>,
    /// Nobody waits for results any more, or a worker ended before its time.
    closed: bool,
}

impl<T: Send + 'static> Ahead<T> {
    /// Starts `threads` workers, each with a function of its own from `make`.
    pub(super) fn start<W>(total: usize, window: usize, threads: usize, make: impl Fn() -> W) -> Self
    where
        W: FnMut(usize) -> T + Send + 'static,
    {
        let state = State { claimed: 0, taken: 0, done: BTreeMap::new(), closed: false };
        let shared = Arc::new(Shared {
            total,
            window: window.max(1),
            state: Mutex::new(state),
            room: Condvar::new(),
            ready: Condvar::new(),
        });
        let spawn = |_| {
            let (shared, mut work) = (Arc::clone(&shared), make());
            std::thread::spawn(move || {
                // Also when the work panics: nobody must wait for it.
                let _guard = CloseOnPanic(&shared);
                while let Some(index) = shared.claim() {
                    let result = work(index);
                    shared.lock().done.insert(index, result);
                    shared.ready.notify_one();
                }
            })
        };
        let workers = (0..threads.clamp(1, total.max(1))).map(spawn).collect();
        Self { shared, workers }
    }
}

impl<T> Shared<T> {
    /// The state is plain data that no panic leaves half-changed.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn claim(&self) -> Option<usize> {
        let mut state = self.lock();
        loop {
            if state.closed || state.claimed == self.total {
                return None;
            }
            if state.claimed < state.taken + self.window {
                state.claimed += 1;
                return Some(state.claimed - 1);
            }
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn close(&self) {
        self.lock().closed = true;
        self.room.notify_all();
        self.ready.notify_all();
    }
}

struct CloseOnPanic<'a, T>(&'a Shared<T>);

impl<T> Drop for CloseOnPanic<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.close();
        }
    }
}

impl<T> Iterator for Ahead<T> {
    type Item = T;

    /// `None` at the end, and where a worker panicked.
    fn next(&mut self) -> Option<T> {
        let mut state = self.shared.lock();
        loop {
            let wanted = state.taken;
            if let Some(result) = state.done.remove(&wanted) {
                state.taken += 1;
                self.shared.room.notify_all();
                return Some(result);
            }
            if state.closed || wanted == self.shared.total {
                return None;
            }
            state = self.shared.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<T> Drop for Ahead<T> {
    fn drop(&mut self) {
        self.shared.close();
        for worker in self.workers.drain(..) {
            // One that panicked has said so on standard error.
            let _ = worker.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn results_come_in_order_and_no_more_than_the_window_waits() {
        let begun = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&begun);
        let mut ahead = Ahead::start(100, 5, 4, move || {
            let count = Arc::clone(&count);
            move |index| {
                count.fetch_add(1, Ordering::SeqCst);
                // Later ones are ready sooner.
                (0..1000 - 9 * index).for_each(|x| {
                    std::hint::black_box(x);
                });
                index
            }
        });
        for expected in 0..100 {
            assert_eq!(ahead.next(), Some(expected));
            assert!(begun.load(Ordering::SeqCst) <= expected + 1 + 5);
        }
        assert_eq!(ahead.next(), None);
    }

    #[test]
    fn it_may_be_left_early() {
        let mut ahead = Ahead::start(1000, 3, 2, || |index| index);
        assert_eq!(ahead.next(), Some(0));
        drop(ahead);
        assert_eq!(Ahead::start(0, 3, 2, || |index: usize| index).next(), None);
    }

    #[test]
    fn a_worker_that_panics_ends_it() {
        let work = || |index: usize| if index == 7 { panic!("on purpose") } else { index };
        let results: Vec<usize> = Ahead::start(100, 4, 2, work).collect();
        assert_eq!(results[..results.len().min(7)], [0, 1, 2, 3, 4, 5, 6][..results.len().min(7)]);
        assert!(results.len() <= 7);
    }
}
