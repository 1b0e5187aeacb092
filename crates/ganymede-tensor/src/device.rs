//! Choosing where tensors live, and what this build and this machine offer.

use std::fmt::{self, Display};
use std::str::FromStr;

use candle_core::Device;
use ganymede_kernels::Simd;
use serde::{Deserialize, Serialize};

/// A device by name: `auto`, `cpu`, `cuda`, `cuda:1`, `metal`.
///
/// ```
/// use ganymede_tensor::DeviceChoice;
/// let choice: DeviceChoice = "cuda:1".parse()?;
/// assert_eq!(choice, DeviceChoice::Cuda(1));
/// assert_eq!(choice.to_string(), "cuda:1");
/// assert!(DeviceChoice::Cpu.open()?.is_cpu());
/// # Ok::<(), ganymede_tensor::DeviceError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceChoice {
    /// The first CUDA device, else Metal, else the CPU: the first that this build has and that opens.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The CUDA device of that number, from 0.
    Cuda(usize),
    /// Apple's Metal.
    Metal,
}

/// Why there is no such device.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The text names no device.
    #[error("unknown device `{0}`; one of auto, cpu, cuda, cuda:N, metal")]
    Unknown(String),
    /// This program was built without that backend.
    #[error(
        "device `{choice}`: this program was built without {feature}; build it with `--features {feature}`, or \
         use one of: {}",
        compiled.join(", ")
    )]
    NotCompiled {
        /// What was asked for.
        choice: DeviceChoice,
        /// The cargo feature that brings it.
        feature: &'static str,
        /// The backends that are there.
        compiled: Vec<&'static str>,
    },
    /// The backend is there, the device is not.
    #[error("device `{choice}` does not open: {source}")]
    Unavailable {
        /// What was asked for.
        choice: DeviceChoice,
        /// What the driver said.
        source: Box<candle_core::Error>,
    },
}

impl DeviceChoice {
    /// Opens the device.
    ///
    /// # Errors
    /// [`DeviceError::NotCompiled`] for a backend that this build lacks, [`DeviceError::Unavailable`]
    /// when the device does not open (no driver, no such number). `auto` and `cpu` always open.
    pub fn open(&self) -> Result<Device, DeviceError> {
        match *self {
            Self::Auto => Ok(Self::Cuda(0).open().or_else(|_| Self::Metal.open()).unwrap_or(Device::Cpu)),
            Self::Cpu => Ok(Device::Cpu),
            Self::Cuda(ordinal) => self.accelerator("cuda", || Device::new_cuda(ordinal)),
            Self::Metal => self.accelerator("metal", || Device::new_metal(0)),
        }
    }

    fn accelerator(
        self,
        feature: &'static str,
        open: impl FnOnce() -> candle_core::Result<Device>,
    ) -> Result<Device, DeviceError> {
        let compiled = compiled_backends();
        if !compiled.contains(&feature) {
            return Err(DeviceError::NotCompiled { choice: self, feature, compiled });
        }
        open().map_err(|source| DeviceError::Unavailable { choice: self, source: Box::new(source) })
    }
}

impl FromStr for DeviceChoice {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            "metal" => Ok(Self::Metal),
            _ => {
                let number = text.strip_prefix("cuda:").and_then(|n| n.parse().ok());
                number.map(Self::Cuda).ok_or_else(|| DeviceError::Unknown(text.to_string()))
            }
        }
    }
}

impl Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(ordinal) => write!(f, "cuda:{ordinal}"),
            Self::Metal => f.write_str("metal"),
        }
    }
}

impl TryFrom<String> for DeviceChoice {
    type Error = DeviceError;

    fn try_from(text: String) -> Result<Self, DeviceError> {
        text.parse()
    }
}

impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> Self {
        choice.to_string()
    }
}

/// The backends that this program was built with: `cpu`, and `cuda`, `cudnn`, `nccl`, `metal`,
/// `mkl`, `accelerate` by cargo feature.
pub fn compiled_backends() -> Vec<&'static str> {
    let all = [
        ("cpu", true),
        ("cuda", cfg!(feature = "cuda")),
        ("cudnn", cfg!(feature = "cudnn")),
        ("nccl", cfg!(feature = "nccl")),
        ("metal", cfg!(feature = "metal")),
        ("mkl", cfg!(feature = "mkl")),
        ("accelerate", cfg!(feature = "accelerate")),
    ];
    all.into_iter().filter(|&(_, built)| built).map(|(name, _)| name).collect()
}

/// The vector instructions of this processor that matrix products and element-wise loops can use,
/// as found at run time, or as far as `GANYMEDE_SIMD` allows. Empty on architectures that are not looked at.
pub fn simd_features() -> Vec<&'static str> {
    #[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
    let all = [
        ("sse4.2", std::is_x86_feature_detected!("sse4.2")),
        ("avx", std::is_x86_feature_detected!("avx")),
        ("avx2", std::is_x86_feature_detected!("avx2")),
        ("fma", std::is_x86_feature_detected!("fma")),
        ("f16c", std::is_x86_feature_detected!("f16c")),
        ("avx512f", std::is_x86_feature_detected!("avx512f")),
        ("avx512bf16", std::is_x86_feature_detected!("avx512bf16")),
        ("avx512fp16", std::is_x86_feature_detected!("avx512fp16")),
    ];
    #[cfg(target_arch = "aarch64")]
    let all = [
        ("neon", std::arch::is_aarch64_feature_detected!("neon")),
        ("fp16", std::arch::is_aarch64_feature_detected!("fp16")),
        ("dotprod", std::arch::is_aarch64_feature_detected!("dotprod")),
        ("sve", std::arch::is_aarch64_feature_detected!("sve")),
    ];
    #[cfg(not(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64")))]
    let all: [(&str, bool); 0] = [];
    let used = |name: &str| match Simd::here() {
        Simd::Avx512 => true,
        Simd::Avx2 => !name.starts_with("avx512"),
        Simd::Portable => !name.starts_with("avx") && name != "fma",
    };
    all.into_iter().filter(|&(name, found)| found && used(name)).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests;
