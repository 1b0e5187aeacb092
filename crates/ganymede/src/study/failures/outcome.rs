//! How a run of the suite ended, by bounds that were written down before any rule was tuned; and which half it belongs to.

use super::cases::Case;
use super::cells::Cell;
use super::data::Data;

/// Of points: at least so many of the modes, and of the samples within 3σ of one, make a good end.
const COVERED: f64 = 0.8;
const HIGH_QUALITY: f64 = 0.5;
/// Of images: the sliced Wasserstein distance, in parts of the median of the base over its seeds, is no more than this.
const TIMES_BASE: f64 = 1.5;

/// Whether a run ended badly; nothing where that cannot be said yet. `base` is the median distance of the data's
/// [`base_case`](Data::base_case).
pub(super) fn ended_badly(data: Data, cell: &Cell, base: Option<f64>) -> Option<bool> {
    if cell.diverged {
        return Some(true);
    }
    match data {
        Data::Ring | Data::Grid => Some(cell.covered? < COVERED || cell.high_quality? < HIGH_QUALITY),
        Data::Digits | Data::Clothes => Some(cell.distance? > TIMES_BASE * base?),
    }
}

/// The half that rules are tuned on, and the one that is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Tuned,
    Reported,
}

/// By the 64-bit FNV-1a hash of the name, odd or even; digits are in the tuned half only, and clothes in the reported one.
pub(super) fn half(case: &Case) -> Half {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = case.name.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    // A bit from the middle: the lowest depends on the lowest bits of the bytes alone.
    match case.data {
        Data::Digits => Half::Tuned,
        Data::Ring | Data::Grid if (hash >> 40).is_multiple_of(2) => Half::Tuned,
        Data::Ring | Data::Grid | Data::Clothes => Half::Reported,
    }
}
