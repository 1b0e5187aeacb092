//! The number types that kernels run on.

use std::cell::RefCell;
use std::ops::{Add, AddAssign, Mul, Sub};
use std::sync::OnceLock;

use candle_core::{CpuStorage, Layout, Result, WithDType, bail};

use super::microkernel::{Microkernel, f32_kernel, portable_kernel};

/// f32 or f64.
pub(crate) trait Elem:
    WithDType
    + Default
    + Add<Output = Self>
    + Sub<Output = Self>
    + AddAssign
    + Mul<Output = Self>
    + Send
    + Sync
    + 'static
{
    /// The innermost loop of products on this processor.
    fn microkernel() -> &'static Microkernel<Self>;

    /// A buffer of `len` numbers of undefined content, reused by later calls on this thread.
    fn with_scratch<R>(len: usize, f: impl FnOnce(&mut [Self]) -> R) -> R;
}

macro_rules! elem {
    ($t:ty, $kernel:expr) => {
        impl Elem for $t {
            fn microkernel() -> &'static Microkernel<Self> {
                static KERNEL: OnceLock<Microkernel<$t>> = OnceLock::new();
                KERNEL.get_or_init($kernel)
            }

            fn with_scratch<R>(len: usize, f: impl FnOnce(&mut [Self]) -> R) -> R {
                thread_local! {
                    static SCRATCH: RefCell<Vec<$t>> = const { RefCell::new(Vec::new()) };
                }
                // Taken out, not borrowed: while `f` waits for rayon, this thread may be handed
                // another task that needs scratch of its own.
                let mut buffer = SCRATCH.take();
                if buffer.len() < len {
                    buffer = vec![0.0; len];
                }
                let result = f(&mut buffer[..len]);
                SCRATCH.with_borrow_mut(|kept| {
                    if kept.len() < buffer.len() {
                        *kept = buffer;
                    }
                });
                result
            }
        }
    };
}
elem!(f32, f32_kernel);
elem!(f64, portable_kernel);

/// The contiguous elements that `layout` names.
pub(crate) fn contiguous<'a, T: Elem>(storage: &'a CpuStorage, layout: &Layout, op: &str) -> Result<&'a [T]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("{op}: the argument of shape {:?} must be contiguous", layout.dims())
    };
    Ok(&storage.as_slice::<T>()?[start..end])
}
