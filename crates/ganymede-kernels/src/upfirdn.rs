//! Planes between two resolutions, through a filter: zeros inserted, borders added or taken off, filtered, every few
//! pixels kept, in one pass over the result.

use std::ops::Range;

use rayon::prelude::*;

use super::combine::combine;
use super::elem::{Elem, Scratch};
use super::polyphase::{Axis, Phases, inside};
use super::transpose::transpose;
use crate::simd::vectorised;

/// A filter as it lies on the pixels: the first tap is on the first of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Taps {
    /// The outer product of taps down and across.
    Separable([Vec<f64>; 2]),
    /// Taps row by row, and how many are down and across.
    Full(Vec<f64>, [usize; 2]),
}

impl Taps {
    /// Taps down and across.
    pub fn size(&self) -> [usize; 2] {
        match self {
            Taps::Separable([down, across]) => [down.len(), across.len()],
            Taps::Full(_, size) => *size,
        }
    }

    /// Turned by 180°.
    pub fn reversed(&self) -> Self {
        let reverse = |taps: &[f64]| taps.iter().rev().copied().collect::<Vec<f64>>();
        match self {
            Taps::Separable([down, across]) => Taps::Separable([reverse(down), reverse(across)]),
            Taps::Full(taps, size) => Taps::Full(reverse(taps), *size),
        }
    }
}

/// Planes that lie side by side in narrow images, and how wide these are at most: with a few pixels a row most of the
/// time would go by between the rows.
const LANES: usize = 16;
const NARROW: usize = 32;

/// Each plane of `x`, whose rows and columns go along `axes`, through the filter.
///
/// # Panics
/// `x` is not made of planes of that size, or taps are missing.
pub fn upfirdn<T: Elem>(x: &[T], axes: [Axis; 2], taps: &Taps) -> Vec<T> {
    let [from, to] = [axes[0].len * axes[1].len, axes[0].out * axes[1].out];
    if from == 0 || to == 0 {
        return Vec::new();
    }
    assert!(x.len().is_multiple_of(from), "whole planes");
    let plan = Plan::new(axes, taps.size());
    let filter = plan.filter::<T>(taps);
    let mut y = vec![T::default(); x.len() / from * to];
    let narrow = axes[1].len.min(axes[1].out) <= NARROW && x.len() >= LANES * from;
    let lanes = if narrow { LANES } else { 1 };
    // Planes a task: enough to hide rayon.
    let group = (1usize << 13).div_ceil(from.max(to)).next_multiple_of(lanes);
    let tasks = y.par_chunks_mut(group * to).zip(x.par_chunks(group * from));
    tasks.for_each(|(y, x)| {
        vectorised(
            #[inline(always)]
            || {
                let planes = x.chunks(lanes * from).zip(y.chunks_mut(lanes * to));
                if narrow { side_by_side(&plan, &filter, planes) } else { one_by_one(&plan, &filter, planes) }
            },
        );
    });
    y
}

/// Weights of each phase, down and across, or of each pair of phases, row by row.
enum Filter<T> {
    Separable([Vec<Vec<T>>; 2]),
    Full(Vec<Vec<Vec<T>>>),
}

/// What is the same for all planes.
struct Plan {
    rows: Phases,
    columns: Phases,
    /// Height and width of a plane.
    size: [usize; 2],
    /// Height and width of a result.
    result: [usize; 2],
    /// The first column that a tap meets; it may lie outside.
    first: isize,
    /// Columns that taps meet, those outside included.
    span: usize,
    /// Numbers of a stream: every `step`-th column.
    stream: usize,
    /// Results of the longest phase across.
    part: usize,
}

impl Plan {
    fn new([down, across]: [Axis; 2], [high, wide]: [usize; 2]) -> Self {
        let (rows, columns) = (down.phases(high), across.phases(wide));
        let met = columns.span();
        let span = met.len();
        Self {
            size: [down.len, across.len],
            result: [down.out, across.out],
            first: met.start,
            span,
            stream: span.div_ceil(columns.step),
            part: columns.all[0].count,
            rows,
            columns,
        }
    }

    fn filter<T: Elem>(&self, taps: &Taps) -> Filter<T> {
        let phases = |axis: &Phases| 0..axis.all.len();
        match taps {
            Taps::Separable(taps) => {
                let weights = |axis: &Phases, taps: &[f64]| {
                    let of = |phase: usize| axis.taps(phase).map(|t| T::narrow(taps[t])).collect();
                    phases(axis).map(of).collect()
                };
                Filter::Separable([weights(&self.rows, &taps[0]), weights(&self.columns, &taps[1])])
            }
            Taps::Full(taps, [_, wide]) => {
                let pair = |row: usize, column: usize| {
                    let across = |i: usize| self.columns.taps(column).map(move |j| i * wide + j);
                    self.rows.taps(row).flat_map(across).map(|t| T::narrow(taps[t])).collect()
                };
                let of = |row: usize| phases(&self.columns).map(|column| pair(row, column)).collect();
                Filter::Full(phases(&self.rows).map(of).collect())
            }
        }
    }

    /// Columns of the plane that taps meet, and where they lie in the span.
    fn columns_inside(&self) -> (Range<usize>, Range<usize>) {
        let at = inside(self.first, self.span, self.size[1]);
        if at.is_empty() {
            return (0..0, 0..0);
        }
        let start = (self.first + at.start as isize) as usize;
        (start..start + at.len(), at)
    }

    /// Where column `i` of the span is among the streams.
    fn place(&self, i: usize) -> usize {
        (i % self.columns.step) * self.stream + i / self.columns.step
    }

    /// What the first tap of a phase across meets, in the span.
    fn start(&self, phase: usize) -> usize {
        // A phase without taps meets nothing, and may begin anywhere.
        (self.columns.all[phase].first - self.first).max(0) as usize
    }
}

/// Planes as they lie in memory.
#[inline(always)]
fn one_by_one<'a, T: Elem>(
    plan: &Plan,
    filter: &Filter<T>,
    planes: impl Iterator<Item = (&'a [T], &'a mut [T])>,
) {
    let mut room = Room::<T>::new::<1>(plan, filter);
    for (x, y) in planes {
        run(plan, filter, &mut room, x.as_chunks::<1>().0, y.as_chunks_mut::<1>().0);
    }
}

/// Several planes at a time, each in a lane of its own.
#[inline(always)]
fn side_by_side<'a, T: Elem>(
    plan: &Plan,
    filter: &Filter<T>,
    planes: impl Iterator<Item = (&'a [T], &'a mut [T])>,
) {
    let mut room = Room::<T>::new::<LANES>(plan, filter);
    let [from, to] = [plan.size[0] * plan.size[1], plan.result[0] * plan.result[1]];
    let (mut before, mut after) = (Scratch::new(from * LANES), Scratch::new(to * LANES));
    before.fill(T::default());
    for (x, y) in planes {
        // Of the last there may be fewer: their lanes hold what was there before.
        let count = x.len() / from;
        transpose(x, from, from, count, &mut before, LANES);
        run(plan, filter, &mut room, before.as_chunks::<LANES>().0, after.as_chunks_mut::<LANES>().0);
        transpose(&after, LANES, count, to, y, to);
    }
}

/// What a task works in.
struct Room<T: Elem> {
    /// A row, with zeros outside of the plane.
    line: Scratch<T>,
    /// Its streams, one after the other; for filters that are not separable, of each row of the plane.
    streams: Scratch<T>,
    /// The results of each phase across.
    parts: Scratch<T>,
}

impl<T: Elem> Room<T> {
    fn new<const L: usize>(plan: &Plan, filter: &Filter<T>) -> Self {
        let rows = if matches!(filter, Filter::Full(_)) { plan.size[0] } else { 1 };
        let mut line = Scratch::new(plan.span * L);
        line.fill(T::default());
        Self {
            line,
            streams: Scratch::new(rows * plan.stream * plan.columns.step * L),
            parts: Scratch::new(plan.columns.all.len() * plan.part * L),
        }
    }
}

#[inline(always)]
fn run<T: Elem, const L: usize>(
    plan: &Plan,
    filter: &Filter<T>,
    room: &mut Room<T>,
    x: &[[T; L]],
    y: &mut [[T; L]],
) {
    match filter {
        Filter::Separable(filter) => separable(plan, filter, room, x, y),
        Filter::Full(filter) => full(plan, filter, room, x, y),
    }
}

/// Down into a row, then across: each row of the result once.
#[inline(always)]
fn separable<T: Elem, const L: usize>(
    plan: &Plan,
    [down, across]: &[Vec<Vec<T>>; 2],
    room: &mut Room<T>,
    x: &[[T; L]],
    y: &mut [[T; L]],
) {
    let [h, w] = plan.size;
    let (columns, at) = plan.columns_inside();
    let (line, streams) = (room.line.as_chunks_mut::<L>().0, room.streams.as_chunks_mut::<L>().0);
    let parts = room.parts.as_chunks_mut::<L>().0;
    for (i, y) in y.chunks_exact_mut(plan.result[1]).enumerate() {
        let (phase, first) = plan.rows.of(i);
        let rows = inside(first, down[phase].len(), h);
        let top = (first + rows.start as isize).max(0) as usize;
        combine(&mut line[at.clone()], &down[phase][rows], |m| &x[(top + m) * w..][columns.clone()]);
        let numbers = if plan.columns.step == 1 {
            &*line
        } else {
            deinterleave(line, plan.columns.step, plan.stream, streams);
            &*streams
        };
        spread(plan, y, parts, |phase, part| {
            let start = plan.start(phase);
            combine(part, &across[phase], |m| &numbers[plan.place(start + m)..]);
        });
    }
}

/// All taps at once, on rows that are made ready first.
#[inline(always)]
fn full<T: Elem, const L: usize>(
    plan: &Plan,
    filter: &[Vec<Vec<T>>],
    room: &mut Room<T>,
    x: &[[T; L]],
    y: &mut [[T; L]],
) {
    let [h, w] = plan.size;
    let (columns, at) = plan.columns_inside();
    let (line, streams) = (room.line.as_chunks_mut::<L>().0, room.streams.as_chunks_mut::<L>().0);
    let parts = room.parts.as_chunks_mut::<L>().0;
    let row = plan.stream * plan.columns.step;
    if row > 0 {
        for (x, streams) in x.chunks_exact(w).zip(streams.chunks_exact_mut(row)) {
            line[at.clone()].copy_from_slice(&x[columns.clone()]);
            deinterleave(line, plan.columns.step, plan.stream, streams);
        }
    }
    for (i, y) in y.chunks_exact_mut(plan.result[1]).enumerate() {
        let (down, first) = plan.rows.of(i);
        let rows = inside(first, plan.rows.all[down].taps, h);
        let top = (first + rows.start as isize).max(0) as usize;
        spread(plan, y, parts, |phase, part| {
            let (start, wide) = (plan.start(phase), plan.columns.all[phase].taps);
            let weights = &filter[down][phase][rows.start * wide..rows.end * wide];
            combine(part, weights, |m| &streams[(top + m / wide) * row + plan.place(start + m % wide)..]);
        });
    }
}

/// Every `step`-th pixel of `line` into a stream of its own, each of `len`.
#[inline(always)]
fn deinterleave<P: Copy>(line: &[P], step: usize, len: usize, streams: &mut [P]) {
    if step == 1 {
        streams[..line.len()].copy_from_slice(line);
    } else if step == 2 {
        let (even, odd) = streams.split_at_mut(len);
        let (pairs, last) = line.as_chunks::<2>();
        for ((even, odd), pair) in even.iter_mut().zip(odd).zip(pairs) {
            [*even, *odd] = *pair;
        }
        if let [last] = last {
            even[len - 1] = *last;
        }
    } else {
        for (first, stream) in streams.chunks_exact_mut(len.max(1)).enumerate().take(step) {
            let numbers = line.iter().skip(first).step_by(step);
            stream.iter_mut().zip(numbers).for_each(|(to, from)| *to = *from);
        }
    }
}

/// Fills a row of the result, in which the phases take turns; `fill` writes the results of one.
#[inline(always)]
fn spread<P: Copy>(plan: &Plan, y: &mut [P], parts: &mut [P], fill: impl Fn(usize, &mut [P])) {
    match &plan.columns.all[..] {
        [_] => fill(0, y),
        [a, b] => {
            let (even, odd) = parts.split_at_mut(plan.part);
            let (even, odd) = (&mut even[..a.count], &mut odd[..b.count]);
            fill(0, even);
            fill(1, odd);
            let (pairs, last) = y.as_chunks_mut::<2>();
            for ((pair, even), odd) in pairs.iter_mut().zip(even.iter()).zip(odd.iter()) {
                *pair = [*even, *odd];
            }
            if let [last] = last {
                *last = even[a.count - 1];
            }
        }
        phases => {
            for (i, phase) in phases.iter().enumerate() {
                let part = &mut parts[..phase.count];
                fill(i, part);
                y.iter_mut().skip(i).step_by(phases.len()).zip(part).for_each(|(y, v)| *y = *v);
            }
        }
    }
}
