//! Cutting a tensor out of its storage.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use candle_core::{Device, Tensor};

use super::node::TensorRef;
use super::{Fault, Result};

/// Bytes that the tensors of one file may take together. Views may overlap or repeat elements, so
/// that a small file could otherwise ask for any amount.
pub(super) struct Budget {
    left: AtomicU64,
}

impl Budget {
    /// Far above what honest files need: tied weights, or a few broadcast vectors.
    pub(super) fn of_file(len: u64) -> Self {
        Self { left: AtomicU64::new(len.saturating_mul(8).saturating_add(64 << 20)) }
    }

    pub(super) fn take(&self, bytes: u64) -> Option<()> {
        self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(bytes)).ok().map(|_| ())
    }
}

/// A contiguous tensor from the bytes of its storage.
pub(super) fn tensor(
    name: &str,
    tensor: &TensorRef,
    storage: &[u8],
    budget: &Budget,
    device: &Device,
) -> Result<Tensor> {
    let bad = |reason: &str| Fault::BadTensor { tensor: name.to_string(), reason: reason.to_string() };
    let Some(stored) = tensor.element.stored else {
        return Err(Fault::UnsupportedDtype {
            tensor: name.to_string(),
            dtype: tensor.element.name.to_string(),
        });
    };
    let window = Window::check(tensor, storage.len()).ok_or_else(|| bad("it reaches beyond its storage"))?;
    budget.take(window.bytes as u64).ok_or_else(|| bad("it asks for far more memory than the file holds"))?;
    let gathered;
    let bytes = if window.contiguous {
        &storage[window.start..window.start + window.bytes]
    } else {
        gathered = gather(storage, &window, tensor);
        &gathered
    };
    stored
        .decode(bytes, &tensor.size, device)
        .map_err(|source| Fault::Candle { tensor: name.to_string(), source })
}

/// Bounds that were checked, in bytes.
struct Window {
    start: usize,
    bytes: usize,
    contiguous: bool,
}

impl Window {
    fn check(tensor: &TensorRef, storage_bytes: usize) -> Option<Self> {
        let item = tensor.element.size;
        if tensor.size.len() != tensor.stride.len() {
            return None;
        }
        let count = tensor.size.iter().try_fold(1usize, |n, &d| n.checked_mul(d))?;
        let start = usize::try_from(tensor.offset.checked_add(tensor.storage.start)?).ok()?;
        // An empty tensor reads nothing, wherever it claims to begin.
        let (mut end, mut contiguous, mut expected) = (start, true, 1usize);
        for (&dim, &stride) in tensor.size.iter().zip(&tensor.stride).rev() {
            if count == 0 {
                break;
            }
            end = end.checked_add((dim - 1).checked_mul(stride)?)?;
            contiguous &= dim == 1 || stride == expected;
            expected = expected.checked_mul(dim)?;
        }
        if count == 0 {
            return Some(Self { start: 0, bytes: 0, contiguous: true });
        }
        // Both what the pickle claims and what the file has.
        let claimed = tensor.storage.start.checked_add(tensor.storage.len)?;
        let claimed = claimed.checked_mul(tensor.storage.element.size as u64)?;
        let end = end.checked_add(1)?.checked_mul(item)?;
        let fits = end <= storage_bytes && end as u64 <= claimed;
        fits.then_some(Self { start: start * item, bytes: count.checked_mul(item)?, contiguous })
    }
}

/// Element by element in row-major order; the last dimension as one piece where it is dense.
fn gather(storage: &[u8], window: &Window, tensor: &TensorRef) -> Vec<u8> {
    let item = tensor.element.size;
    let mut out = Vec::with_capacity(window.bytes);
    let (Some((&last, outer)), Some((&last_stride, outer_strides))) =
        (tensor.size.split_last(), tensor.stride.split_last())
    else {
        return storage[window.start..window.start + window.bytes].to_vec();
    };
    let mut index = vec![0usize; outer.len()];
    loop {
        let row: usize = index.iter().zip(outer_strides).map(|(i, s)| i * s).sum();
        let row = window.start + row * item;
        if last_stride == 1 {
            out.extend_from_slice(&storage[row..row + last * item]);
        } else {
            for i in 0..last {
                let at = row + i * last_stride * item;
                out.extend_from_slice(&storage[at..at + item]);
            }
        }
        // The next row, as an odometer counts.
        let Some(turn) = (0..outer.len()).rev().find(|&d| index[d] + 1 < outer[d]) else {
            return out;
        };
        index[turn] += 1;
        index[turn + 1..].fill(0);
    }
}
