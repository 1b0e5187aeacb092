//! A filter between two resolutions of an axis, phase by phase: no product with an inserted zero is made.

use std::ops::Range;

/// An axis along which zeros are inserted, zeros are added or numbers taken off at both ends, a filter is applied and
/// every few numbers one is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Numbers before.
    pub len: usize,
    /// Numbers after.
    pub out: usize,
    /// Each number is followed by `up − 1` zeros.
    pub up: usize,
    /// Every `down`-th number is kept.
    pub down: usize,
    /// Zeros in front of the first number; where it is negative, so many are taken off.
    pub before: isize,
}

impl Axis {
    /// The axis of the transposed map, whose filter of so many taps is the reversed one.
    pub fn transposed(self, taps: usize) -> Self {
        let Self { len, out, up, down, before } = self;
        Self { len: out, out: len, up: down, down: up, before: taps as isize - before - 1 }
    }

    /// The phases of this axis under a filter of so many taps.
    pub(crate) fn phases(&self, taps: usize) -> Phases {
        let common = gcd(self.up, self.down);
        let (count, step) = (self.up / common, self.down / common);
        let phase = |i: usize| {
            // The filter begins here, counted in the numbers with zeros between them.
            let at = (i * self.down) as isize - self.before;
            let first_tap = (-at).rem_euclid(self.up as isize) as usize;
            Phase {
                first_tap,
                taps: taps.saturating_sub(first_tap).div_ceil(self.up),
                first: (at + first_tap as isize) / self.up as isize,
                count: (self.out - i).div_ceil(count),
            }
        };
        Phases { all: (0..count.min(self.out)).map(phase).collect(), step, stride: self.up }
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Results that meet the same taps: every P-th, where P is the number of phases.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phase {
    /// The first tap that meets a number, not an inserted zero.
    pub(crate) first_tap: usize,
    /// How many do.
    pub(crate) taps: usize,
    /// The number that the first of them meets in the first result; it may lie outside.
    pub(crate) first: isize,
    /// Results.
    pub(crate) count: usize,
}

/// All phases of an axis.
#[derive(Clone, Debug)]
pub(crate) struct Phases {
    /// Result `i` is of phase `i mod P`.
    pub(crate) all: Vec<Phase>,
    /// How far two results of a phase that follow each other are apart in the numbers.
    pub(crate) step: usize,
    /// How far taps that meet numbers are apart.
    stride: usize,
}

impl Phases {
    /// The phase of result `i`, and the number that its first tap meets.
    pub(crate) fn of(&self, i: usize) -> (usize, isize) {
        let (phase, round) = (i % self.all.len(), i / self.all.len());
        (phase, self.all[phase].first + (round * self.step) as isize)
    }

    /// The taps of a phase.
    pub(crate) fn taps(&self, phase: usize) -> impl Iterator<Item = usize> + use<> {
        let Phase { first_tap, taps, .. } = self.all[phase];
        let stride = self.stride;
        (0..taps).map(move |i| first_tap + i * stride)
    }

    /// All numbers that are met, those outside included.
    pub(crate) fn span(&self) -> Range<isize> {
        let met = self.all.iter().filter(|phase| phase.taps > 0);
        let low = met.clone().map(|phase| phase.first).min().unwrap_or(0);
        let end = |phase: &Phase| phase.first + ((phase.count - 1) * self.step + phase.taps) as isize;
        low..met.map(end).max().unwrap_or(low)
    }
}

/// The part of `len` taps, the first of which meets number `first`, that meets numbers in `0..size`.
pub(crate) fn inside(first: isize, len: usize, size: usize) -> Range<usize> {
    let bound = |at: isize| at.clamp(0, len as isize) as usize;
    let start = bound(-first);
    start..bound(size as isize - first).max(start)
}
