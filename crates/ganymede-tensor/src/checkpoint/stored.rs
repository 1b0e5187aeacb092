//! Elements as files hold them: little-endian bytes.

use candle_core::{CpuStorage, DType, Device, Result, Storage, Tensor, WithDType, bail};
use half::{bf16, f16};
use safetensors::Dtype;

/// The type of an element in a file. Types that no tensor here can have are widened to one that
/// holds every value: bool to u8, i8 to i16, u16 to u32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    Bool,
    U8,
    I8,
    U16,
    I16,
    I32,
    U32,
    I64,
    F16,
    Bf16,
    F32,
    F64,
}

impl Stored {
    /// How safetensors calls it; nothing for types that are not read.
    pub(super) fn from_safetensors(dtype: Dtype) -> Option<Self> {
        Some(match dtype {
            Dtype::BOOL => Self::Bool,
            Dtype::U8 => Self::U8,
            Dtype::I8 => Self::I8,
            Dtype::U16 => Self::U16,
            Dtype::I16 => Self::I16,
            Dtype::I32 => Self::I32,
            Dtype::U32 => Self::U32,
            Dtype::I64 => Self::I64,
            Dtype::F16 => Self::F16,
            Dtype::BF16 => Self::Bf16,
            Dtype::F32 => Self::F32,
            Dtype::F64 => Self::F64,
            _ => return None,
        })
    }

    /// Bytes an element takes in a file.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }

    /// Whether an element is a floating-point number.
    pub(super) fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::Bf16 | Self::F32 | Self::F64)
    }

    /// A tensor from the bytes of its elements in order.
    pub(super) fn decode(self, bytes: &[u8], shape: &[usize], device: &Device) -> Result<Tensor> {
        match self {
            Self::Bool | Self::U8 => Tensor::from_slice(bytes, shape, device),
            Self::I8 => {
                let wide = bytes.iter().map(|&b| i16::from(b.cast_signed())).collect();
                Tensor::from_vec::<_, i16>(wide, shape, device)
            }
            Self::U16 => {
                let wide =
                    bytes.as_chunks::<2>().0.iter().map(|&b| u32::from(u16::from_le_bytes(b))).collect();
                Tensor::from_vec::<_, u32>(wide, shape, device)
            }
            Self::I16 => numbers::<i16>(bytes, shape, device),
            Self::I32 => numbers::<i32>(bytes, shape, device),
            Self::U32 => numbers::<u32>(bytes, shape, device),
            Self::I64 => numbers::<i64>(bytes, shape, device),
            Self::F16 => numbers::<f16>(bytes, shape, device),
            Self::Bf16 => numbers::<bf16>(bytes, shape, device),
            Self::F32 => numbers::<f32>(bytes, shape, device),
            Self::F64 => numbers::<f64>(bytes, shape, device),
        }
    }
}

/// How safetensors calls a dtype; nothing for the types that are not written.
pub(super) fn safetensors_dtype(dtype: DType) -> Option<Dtype> {
    Some(match dtype {
        DType::U8 => Dtype::U8,
        DType::U32 => Dtype::U32,
        DType::I16 => Dtype::I16,
        DType::I32 => Dtype::I32,
        DType::I64 => Dtype::I64,
        DType::BF16 => Dtype::BF16,
        DType::F16 => Dtype::F16,
        DType::F32 => Dtype::F32,
        DType::F64 => Dtype::F64,
        _ => return None,
    })
}

/// The elements of a contiguous tensor in memory, handed over in pieces of bytes: no second copy of
/// a large tensor is made.
pub(super) fn encode<E>(
    tensor: &Tensor,
    mut sink: impl FnMut(&[u8]) -> std::result::Result<(), E>,
) -> Result<std::result::Result<(), E>> {
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else { bail!("expected a tensor in memory") };
    let Some((start, end)) = layout.contiguous_offsets() else { bail!("expected a contiguous tensor") };
    Ok(match storage {
        CpuStorage::U8(v) => sink(&v[start..end]),
        CpuStorage::U32(v) => pieces(&v[start..end], &mut sink),
        CpuStorage::I16(v) => pieces(&v[start..end], &mut sink),
        CpuStorage::I32(v) => pieces(&v[start..end], &mut sink),
        CpuStorage::I64(v) => pieces(&v[start..end], &mut sink),
        CpuStorage::BF16(v) => pieces(&v[start..end], &mut sink),
        CpuStorage::F16(v) => pieces(&v[start..end], &mut sink),
        CpuStorage::F32(v) => pieces(&v[start..end], &mut sink),
        CpuStorage::F64(v) => pieces(&v[start..end], &mut sink),
        _ => bail!("dtype {:?} is not written to files", tensor.dtype()),
    })
}

/// A number as little-endian bytes.
trait LittleEndian: WithDType {
    /// Appends the bytes of `values`.
    fn put(values: &[Self], out: &mut Vec<u8>);
    /// The number of whole elements in `bytes`, decoded.
    fn take(bytes: &[u8]) -> Vec<Self>;
}

macro_rules! little_endian {
    ($($t:ty),*) => {$(
        impl LittleEndian for $t {
            fn put(values: &[Self], out: &mut Vec<u8>) {
                for v in values {
                    out.extend_from_slice(&v.to_le_bytes());
                }
            }
            fn take(bytes: &[u8]) -> Vec<Self> {
                let (elements, _) = bytes.as_chunks::<{ size_of::<$t>() }>();
                elements.iter().map(|&b| <$t>::from_le_bytes(b)).collect()
            }
        }
    )*};
}
little_endian!(u32, i16, i32, i64, f16, bf16, f32, f64);

fn numbers<T: LittleEndian>(bytes: &[u8], shape: &[usize], device: &Device) -> Result<Tensor> {
    Tensor::from_vec(T::take(bytes), shape, device)
}

fn pieces<T: LittleEndian, E>(
    values: &[T],
    sink: &mut impl FnMut(&[u8]) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    const ELEMENTS: usize = 16 * 1024;
    let mut buffer = Vec::with_capacity(ELEMENTS.min(values.len()) * size_of::<T>());
    for piece in values.chunks(ELEMENTS) {
        buffer.clear();
        T::put(piece, &mut buffer);
        sink(&buffer)?;
    }
    Ok(())
}
