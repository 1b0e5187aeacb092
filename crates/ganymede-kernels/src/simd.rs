//! Vector instructions, chosen at run time.

use std::ffi::OsStr;
use std::sync::OnceLock;

/// The environment variable that narrows [`Simd::here`], to test and to measure what other processors do.
const VARIABLE: &str = "GANYMEDE_SIMD";

/// How wide the vectors are that kernels use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Simd {
    /// What every machine of the architecture has: SSE2, or NEON.
    Portable,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512F.
    Avx512,
}

impl Simd {
    const ALL: [(&str, Self); 3] =
        [("portable", Self::Portable), ("avx2", Self::Avx2), ("avx512", Self::Avx512)];

    /// What kernels use: all that the processor has, or less where `GANYMEDE_SIMD` asked for less at the first call.
    pub fn here() -> Self {
        static HERE: OnceLock<Simd> = OnceLock::new();
        *HERE.get_or_init(|| {
            let most = Self::of_the_processor();
            Self::asked().ok().flatten().map_or(most, |asked| asked.min(most))
        })
    }

    /// What `GANYMEDE_SIMD` asks for, where it is set.
    ///
    /// # Errors
    /// It is set to something else than `portable`, `avx2` or `avx512`: a sentence for whoever set it. Kernels then use all
    /// that the processor has.
    pub fn asked() -> Result<Option<Self>, String> {
        std::env::var_os(VARIABLE).map(|value| Self::read(&value)).transpose()
    }

    fn read(value: &OsStr) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(name, _)| value == OsStr::new(name));
        known
            .map(|(_, simd)| *simd)
            .ok_or_else(|| format!("{VARIABLE} is {value:?}: expected portable, avx2 or avx512"))
    }

    fn of_the_processor() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }
}

/// Runs `f` compiled for the widest vectors of this processor: AVX-512, AVX2 with FMA, NEON, or what every machine of
/// the architecture has.
///
/// Everything that `f` calls has to be inlined into it to profit. The compiler never contracts a product and a sum by
/// itself, so every choice gives the same bits.
#[inline(always)]
pub fn vectorised<R>(f: impl FnOnce() -> R) -> R {
    arch().dispatch(f)
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn arch() -> pulp::Arch {
    use pulp::x86::V3;
    match Simd::here() {
        Simd::Avx512 => pulp::Arch::new(),
        Simd::Avx2 => V3::try_new().map_or(pulp::Arch::Scalar, pulp::Arch::V3),
        Simd::Portable => pulp::Arch::Scalar,
    }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn arch() -> pulp::Arch {
    pulp::Arch::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_and_others_are_told() {
        for (name, simd) in Simd::ALL {
            assert_eq!(Simd::read(OsStr::new(name)), Ok(simd));
        }
        for strange in ["", "AVX2", "sse"] {
            let error = Simd::read(OsStr::new(strange)).unwrap_err();
            assert!(error.contains(VARIABLE) && error.contains("portable, avx2 or avx512"), "{error}");
        }
    }

    #[test]
    fn nothing_wider_than_the_processor_is_used() {
        assert!(Simd::here() <= Simd::of_the_processor());
        assert_eq!(vectorised(|| (0..100u32).sum::<u32>()), 4950);
    }
}
