//! The number types that kernels run on.

use std::ops::{Add, AddAssign, Deref, DerefMut, Mul, Sub, SubAssign};
use std::sync::{Mutex, OnceLock, PoisonError};

use candle_core::{CpuStorage, Layout, Result, WithDType, bail};

use super::dots::{Dots, f32_dots};
use super::microkernel::{Microkernel, f32_kernel, portable_kernel};

/// f32 or f64.
pub(crate) trait Elem:
    WithDType
    + Default
    + Add<Output = Self>
    + Sub<Output = Self>
    + AddAssign
    + SubAssign
    + Mul<Output = Self>
    + Send
    + Sync
    + 'static
{
    /// The innermost loop of products on this processor.
    fn microkernel() -> &'static Microkernel<Self>;

    /// Dot products along lines on this processor, if it is better at them than the microkernel.
    fn dots() -> Option<Dots<Self>>;

    /// Buffers that are not in use.
    fn idle() -> &'static Mutex<Vec<Vec<Self>>>;
}

macro_rules! elem {
    ($t:ty, $kernel:expr, $dots:expr) => {
        impl Elem for $t {
            fn microkernel() -> &'static Microkernel<Self> {
                static KERNEL: OnceLock<Microkernel<$t>> = OnceLock::new();
                KERNEL.get_or_init($kernel)
            }

            fn dots() -> Option<Dots<Self>> {
                static DOTS: OnceLock<Option<Dots<$t>>> = OnceLock::new();
                *DOTS.get_or_init($dots)
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

/// The contiguous elements that `layout` names.
pub(crate) fn contiguous<'a, T: Elem>(storage: &'a CpuStorage, layout: &Layout, op: &str) -> Result<&'a [T]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("{op}: the argument of shape {:?} must be contiguous", layout.dims())
    };
    Ok(&storage.as_slice::<T>()?[start..end])
}

/// Runs the instance of an operation for the numbers of `storage`.
pub(crate) fn by_dtype<R>(
    op: &str,
    storage: &CpuStorage,
    for_f32: impl FnOnce() -> Result<R>,
    for_f64: impl FnOnce() -> Result<R>,
) -> Result<R> {
    match storage {
        CpuStorage::F32(_) => for_f32(),
        CpuStorage::F64(_) => for_f64(),
        _ => bail!("{op}: f32 or f64 expected"),
    }
}

/// A buffer whose memory later ones reuse: fresh pages cost more than what is computed in them.
pub(crate) struct Scratch<T: Elem> {
    buffer: Vec<T>,
    len: usize,
}

/// Buffers that are kept for later.
const KEPT: usize = 24;

impl<T: Elem> Scratch<T> {
    /// `len` numbers of undefined content.
    pub(crate) fn new(len: usize) -> Self {
        let mut idle = T::idle().lock().unwrap_or_else(PoisonError::into_inner);
        // The smallest that is large enough, and not so large that another would want it more.
        let fits = |&i: &usize| (len..=4 * len + 4096).contains(&idle[i].len());
        let fit = (0..idle.len()).filter(fits).min_by_key(|&i| idle[i].len());
        let kept = fit.map(|i| idle.swap_remove(i));
        drop(idle);
        Self { buffer: kept.unwrap_or_else(|| vec![T::default(); len]), len }
    }
}

impl<T: Elem> Drop for Scratch<T> {
    fn drop(&mut self) {
        let mut idle = T::idle().lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() == KEPT {
            // The one that has waited longest goes.
            idle.remove(0);
        }
        idle.push(std::mem::take(&mut self.buffer));
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

/// A vector whose every number `fill` writes, without writing zeros first.
#[allow(unsafe_code)]
pub(crate) fn overwritten<T: Elem>(len: usize, fill: impl FnOnce(&mut [T])) -> Vec<T> {
    let mut numbers: Vec<T> = Vec::with_capacity(len);
    // SAFETY: the capacity is there, and any bits are a number of `T`, which is f32 or f64. No caller
    // reads a number before writing it: they are this crate's kernels, and where assertions are on,
    // tests would see the NaN that is written here first.
    let room = unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr(), len) };
    if cfg!(debug_assertions) {
        room.fill(T::from_f64(f64::NAN));
    }
    fill(room);
    // SAFETY: as above; all of them were written.
    unsafe { numbers.set_len(len) };
    numbers
}
