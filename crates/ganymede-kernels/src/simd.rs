//! Vector instructions, chosen at run time.

/// Runs `f` compiled for the widest vectors of this processor: AVX-512, AVX2 with FMA, NEON, or what every machine of
/// the architecture has.
///
/// Everything that `f` calls has to be inlined into it to profit. The compiler never contracts a product and a sum by
/// itself, so every choice gives the same bits.
#[inline(always)]
pub fn vectorised<R>(f: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(f)
}
