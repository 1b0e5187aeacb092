//! The number types that kernels run on.

use std::fmt::Debug;
use std::mem::MaybeUninit;
use std::ops::{Add, AddAssign, Deref, DerefMut, Mul, Sub, SubAssign};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::convolution::Convolution;
use super::dots::{Dots, f32_dots};
use super::microkernel::{Microkernel, f32_kernel, portable_kernel};

/// f32 or f64: what kernels run on.
pub trait Elem:
    Processor
    + Copy
    + Default
    + PartialOrd
    + Debug
    + Add<Output = Self>
    + Sub<Output = Self>
    + AddAssign
    + SubAssign
    + Mul<Output = Self>
    + Send
    + Sync
    + 'static
{
    /// The nearest number of this type.
    fn narrow(value: f64) -> Self;

    /// The same number in f64.
    fn wide(self) -> f64;
}

/// What the kernels of a number type share, and which of them fit this processor.
pub trait Processor: Sized + 'static {
    /// The innermost loop of products on this processor.
    fn microkernel() -> &'static Microkernel<Self>;

    /// Dot products along lines on this processor, if it is better at them than the microkernel.
    fn dots() -> Option<Dots<Self>>;

    /// The products of a convolution.
    fn convolution() -> &'static Convolution<Self>;

    /// Buffers that are not in use.
    fn idle() -> &'static Mutex<Vec<Vec<Self>>>;
}

macro_rules! elem {
    ($t:ty, $kernel:expr, $dots:expr) => {
        impl Elem for $t {
            fn narrow(value: f64) -> Self {
                value as $t
            }

            fn wide(self) -> f64 {
                f64::from(self)
            }
        }

        impl Processor for $t {
            fn microkernel() -> &'static Microkernel<Self> {
                static KERNEL: OnceLock<Microkernel<$t>> = OnceLock::new();
                KERNEL.get_or_init($kernel)
            }

            fn dots() -> Option<Dots<Self>> {
                static DOTS: OnceLock<Option<Dots<$t>>> = OnceLock::new();
                *DOTS.get_or_init($dots)
            }

            // Inlined elsewhere it would have the products compiled there.
            #[inline(never)]
            fn convolution() -> &'static Convolution<Self> {
                &const { Convolution::of_this_crate() }
            }

            fn idle() -> &'static Mutex<Vec<Vec<Self>>> {
                static IDLE: Mutex<Vec<Vec<$t>>> = Mutex::new(Vec::new());
                &IDLE
            }
        }
    };
}
elem!(f32, f32_kernel, f32_dots);
elem!(f64, portable_kernel, || None);

/// A buffer whose memory later ones reuse: fresh pages cost more than what is computed in them.
pub(crate) struct Scratch<T: Elem> {
    buffer: Vec<T>,
    len: usize,
}

/// Buffers that are kept for later, and their bytes together: a program that has once worked on large
/// images does not hold their memory for ever.
const KEPT: usize = 24;
const KEPT_BYTES: usize = 256 << 20;

impl<T: Elem> Scratch<T> {
    /// `len` numbers of undefined content.
    pub(crate) fn new(len: usize) -> Self {
        let mut idle = T::idle().lock().unwrap_or_else(PoisonError::into_inner);
        // The smallest that is large enough, and not so large that another would want it more.
        let fits = |&i: &usize| (len..=4 * len + 4096).contains(&idle[i].len());
        let fit = (0..idle.len()).filter(fits).min_by_key(|&i| idle[i].len());
        let kept = fit.map(|i| idle.remove(i));
        drop(idle);
        Self { buffer: kept.unwrap_or_else(|| vec![T::default(); len]), len }
    }
}

impl<T: Elem> Drop for Scratch<T> {
    fn drop(&mut self) {
        let mut idle = T::idle().lock().unwrap_or_else(PoisonError::into_inner);
        keep(&mut idle, std::mem::take(&mut self.buffer), KEPT_BYTES / size_of::<T>());
    }
}

/// Adds a buffer. Those that have waited longest go, until the rest are few and small enough.
fn keep<T>(idle: &mut Vec<Vec<T>>, buffer: Vec<T>, room: usize) {
    idle.push(buffer);
    while idle.len() > KEPT || idle.iter().map(Vec::len).sum::<usize>() > room {
        idle.remove(0);
    }
}

impl<T: Elem> Deref for Scratch<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.buffer[..self.len]
    }
}

impl<T: Elem> DerefMut for Scratch<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.buffer[..self.len]
    }
}

/// Memory that may not be initialised.
pub(crate) type Room<T> = [MaybeUninit<T>];

/// A vector whose every number `fill` writes, without writing zeros first.
///
/// # Safety
/// `fill` writes every number that it is given.
#[allow(unsafe_code)]
pub(crate) unsafe fn overwritten<T: Elem>(len: usize, fill: impl FnOnce(&mut Room<T>)) -> Vec<T> {
    let mut numbers: Vec<T> = Vec::with_capacity(len);
    let room = &mut numbers.spare_capacity_mut()[..len];
    if cfg!(all(debug_assertions, not(miri))) {
        // So that tests see what is left out; Miri sees it by itself.
        room.fill(MaybeUninit::new(T::narrow(f64::NAN)));
    }
    fill(room);
    // SAFETY: the capacity is there, and the caller promises that all of it was written.
    unsafe { numbers.set_len(len) };
    numbers
}

/// The same memory after zeros are written: by the task that works in it next, so that they are still in
/// its cache when it does.
#[allow(unsafe_code)]
pub(crate) fn zeroed<T: Elem>(room: &mut Room<T>) -> &mut [T] {
    room.fill(MaybeUninit::new(T::default()));
    // SAFETY: every number was just written, `MaybeUninit<T>` has the layout of `T`, and the borrow of the
    // same length goes on.
    unsafe { std::slice::from_raw_parts_mut(room.as_mut_ptr().cast(), room.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_kept_within_bounds_the_oldest_going_first() {
        let mut idle: Vec<Vec<u8>> = Vec::new();
        let lengths = |idle: &[Vec<u8>]| idle.iter().map(Vec::len).collect::<Vec<_>>();
        for len in [50, 20, 30] {
            keep(&mut idle, vec![0; len], 100);
        }
        assert_eq!(lengths(&idle), [50, 20, 30]);
        keep(&mut idle, vec![0; 40], 100);
        assert_eq!(lengths(&idle), [20, 30, 40]);
        keep(&mut idle, vec![0; 101], 100);
        assert_eq!(lengths(&idle), [0; 0]);
        for len in 0..30 {
            keep(&mut idle, vec![0; len], 1000);
        }
        assert_eq!(lengths(&idle), (6..30).collect::<Vec<_>>());
    }

    #[test]
    #[allow(unsafe_code)]
    fn memory_is_initialised_before_it_is_read() {
        // Memory is zeroed by the task that asks for it.
        let mut room = [const { MaybeUninit::<f32>::uninit() }; 5];
        assert_eq!(zeroed(&mut room), [0.0; 5]);
        // SAFETY: everything is written.
        let numbers = unsafe { overwritten::<f64>(3, |y| y.iter_mut().for_each(|v| _ = v.write(2.0))) };
        assert_eq!(numbers, [2.0; 3]);
    }
}
