//! The three products of a convolution on the CPU: forward, gradient in the image, gradient in the
//! weight.
//!
//! All are products of a packed operand with one that is gathered from the image while it is
//! packed, over blocks of columns. The order of the sums depends on shapes alone: results are the
//! same bits for any number of threads.

use std::ops::Range;

use rayon::prelude::*;

use super::batched_lanes;
use super::elem::{Elem, Room, Scratch, overwritten, zeroed};
use super::gather::{Border, Gather};
use super::geometry::Geometry;
use super::implicit::{Direct, WeightView, in_place_pays};
use super::matrix::Form;
use super::microkernel::Microkernel;
use super::target::Target;
use super::winograd::{Shape, Winograd};

/// Columns of one task: fewer make the packed operand be read too often.
/// See "Constants of kernels" in `docs/performance.md`.
const COLUMNS: usize = 480;

/// The same of tiles, unless more are transformed at a time.
const TILES: usize = 192;

/// A part of a product: the source positions of some of the target's pixels, and the taps of the
/// weight that reach them.
pub(crate) struct Phase {
    pub(crate) gather: Gather,
    /// Where these taps lie in a kernel, line by line.
    pub(crate) taps: Vec<usize>,
    /// Line and column of the target's first pixel.
    pub(crate) first: [usize; 2],
}

/// How a phase is computed.
enum Algorithm<'a, T: Elem> {
    Direct(Direct<'a, T>),
    Tiles(Winograd<'a, T>),
}

impl<T: Elem> Algorithm<'_, T> {
    fn slack(&self) -> usize {
        match self {
            Self::Direct(direct) => direct.slack(),
            Self::Tiles(tiles) => tiles.slack(),
        }
    }

    fn run(&self, source: &[T], images: usize, rows: Range<usize>, out: &mut [T]) {
        match self {
            Self::Direct(direct) => direct.run(source, images, rows, out),
            Self::Tiles(tiles) => tiles.run(source, images, rows, out),
        }
    }
}

/// A product whose result is written image by image.
struct Product<'a, T> {
    g: &'a Geometry,
    source: &'a [T],
    source_channels: usize,
    source_len: usize,
    source_size: [usize; 2],
    /// The distance of neighbouring rows of the weight, and of neighbouring channels.
    weight_strides: [usize; 2],
    target_channels: usize,
    target_len: usize,
    /// Width of the target, and the distance of its pixels on both axes.
    target_width: usize,
    target_stride: [usize; 2],
}

/// How a product is split into tasks; the same for all groups.
struct Plan {
    /// The tiles of each phase, where they are used.
    shapes: Option<Vec<Shape>>,
    border: Border,
    /// Images of a task: the task owns their whole outputs, or one image's rows if it is one.
    images: usize,
    rows: usize,
    /// Whether images lie side by side in registers.
    batched: bool,
}

impl<T: Elem> Product<'_, T> {
    /// Runs all phases of all groups, whose weight is `w`. Writes every number of `out`; pixels that no
    /// phase has are 0.
    fn run(&self, phases: &[Phase], w: &[T], out: &mut Room<T>) {
        let plan = self.plan(phases);
        let of_group = self.g.group_out() * self.g.depth();
        let groups: Vec<Vec<Algorithm<T>>> = (0..self.g.cfg.groups)
            .map(|group| self.algorithms(phases, &plan, group, &w[group * of_group..]))
            .collect();
        let jobs = out
            .par_chunks_mut(plan.images * self.target_len)
            .zip(self.source.par_chunks(plan.images * self.source_len));
        jobs.for_each(|(out, source)| {
            if plan.images > 1 {
                let (rows, out) = (0..self.target_channels, zeroed(out));
                for (group, algorithms) in groups.iter().enumerate() {
                    self.task(&plan, (group, algorithms), source, rows.clone(), out);
                }
                return;
            }
            for ((group, algorithms), out) in
                groups.iter().enumerate().zip(out.chunks_exact_mut(self.group_target()))
            {
                out.par_chunks_mut(plan.rows * self.pixels()).enumerate().for_each(|(part, out)| {
                    let rows = part * plan.rows..((part + 1) * plan.rows).min(self.target_channels);
                    self.task(&plan, (group, algorithms), source, rows, zeroed(out));
                });
            }
        });
    }

    fn plan(&self, phases: &[Phase]) -> Plan {
        let kernel = T::microkernel();
        let shapes = self.shapes(phases);
        let gathers: Vec<Gather> = match &shapes {
            Some(shapes) => phases.iter().zip(shapes).map(|(p, s)| s.whole_tiles(&p.gather)).collect(),
            None => phases.iter().map(|p| p.gather.clone()).collect(),
        };
        let sorted = shapes.as_ref().map_or(phases[0].gather.stride, |s| s[0].phases());
        let border = Border::around(phases[0].gather.size, &gathers, sorted);
        let threads = rayon::current_num_threads();
        let (of_image, columns) = match &shapes {
            Some(shapes) => {
                let block = shapes[0].block(self.source_channels, self.target_channels);
                (shapes[0].tiles(&phases[0].gather), block.max(TILES))
            }
            None => (phases.iter().map(|p| p.gather.positions()).sum(), COLUMNS),
        };
        let images = columns.div_ceil(of_image.max(1)).clamp(1, self.g.n.div_ceil(threads).max(1));
        let short = |p: &Phase| {
            let target = self.target(p, images, 0);
            !in_place_pays(kernel, (&p.gather, &border), &target, self.target_channels)
        };
        let pays =
            if shapes.is_some() { Shape::is_narrow(&phases[0].gather) } else { phases.iter().all(short) };
        // With fewer registers of images than threads, some of these would have nothing to do.
        let batched = pays && self.fills_registers(kernel) && self.g.n >= kernel.lanes * threads;
        let images = if batched {
            let share = self.g.n / threads / kernel.lanes * kernel.lanes;
            images.next_multiple_of(kernel.lanes).min(share)
        } else {
            images
        };
        let parts = self.row_parts(kernel, threads, images);
        let rows = self.target_channels.div_ceil(parts).next_multiple_of(kernel.rows);
        Plan { shapes, border, images, rows, batched }
    }

    /// How each phase of a group is computed.
    fn algorithms<'b>(
        &self,
        phases: &'b [Phase],
        plan: &'b Plan,
        group: usize,
        w: &[T],
    ) -> Vec<Algorithm<'b, T>> {
        let kernel = T::microkernel();
        let algorithm = |(i, phase): (usize, &'b Phase)| {
            let target = self.target(phase, plan.images, group);
            let view = WeightView {
                data: w,
                rows: self.target_channels,
                channels: self.source_channels,
                strides: self.weight_strides,
                taps: &phase.taps,
            };
            let source = (&phase.gather, &plan.border);
            match &plan.shapes {
                Some(shapes) => {
                    let images = if plan.batched { kernel.lanes } else { 1 };
                    Algorithm::Tiles(Winograd::new(kernel, shapes[i], source, &view, target, images))
                }
                None => {
                    let task = (plan.images, plan.rows.min(self.target_channels));
                    Algorithm::Direct(Direct::new(kernel, source, &view, target, task, plan.batched))
                }
            }
        };
        phases.iter().enumerate().map(algorithm).collect()
    }

    /// Computes `rows` of one group's result for the images of `source`.
    fn task(
        &self,
        plan: &Plan,
        (group, algorithms): (usize, &[Algorithm<T>]),
        source: &[T],
        rows: Range<usize>,
        out: &mut [T],
    ) {
        let lanes = T::microkernel().lanes;
        let Plan { border, batched, .. } = plan;
        let [h, w] = self.source_size;
        let count = source.len() / self.source_len;
        let room_for = if *batched { count.next_multiple_of(lanes) } else { count };
        let slack = algorithms.iter().map(Algorithm::slack).max().unwrap_or(0);
        let mut room = Scratch::new(room_for * self.source_channels * border.plane() + slack);
        let of_group = self.source_channels * h * w;
        let slices = source.chunks_exact(self.source_len).map(|s| &s[group * of_group..][..of_group]);
        if *batched {
            batched_lanes::pad(border, [h, w], &slices.collect::<Vec<_>>(), lanes, &mut room);
        } else {
            border.pad([h, w], slices, self.source_channels, &mut room);
        }
        algorithms.iter().for_each(|algorithm| algorithm.run(&room, count, rows.clone(), out));
    }

    /// Numbers of a channel of the result.
    fn pixels(&self) -> usize {
        self.target_len / self.target_channels / self.g.cfg.groups
    }

    /// Numbers of an image's result that are of one group.
    fn group_target(&self) -> usize {
        self.target_channels * self.pixels()
    }

    /// Where a phase of a group goes, in the part of the result that a task of `images` images owns.
    fn target(&self, phase: &Phase, images: usize, group: usize) -> Target {
        let first = phase.first[0] * self.target_width + phase.first[1];
        Target {
            image: self.target_len,
            channel: self.pixels(),
            line: self.target_width * self.target_stride[0],
            step: self.target_stride[1],
            first: if images == 1 { first } else { first + group * self.group_target() },
        }
    }

    /// The tiles of all phases, where these are faster than the definition.
    fn shapes(&self, phases: &[Phase]) -> Option<Vec<Shape>> {
        let kernel = T::microkernel();
        let batched = if self.fills_registers(kernel) { kernel.lanes } else { 1 };
        let cost = |shapes: &[Shape]| -> f64 {
            let of = |(p, s): (&Phase, &Shape)| s.cost(&p.gather, self.g.n, self.target_channels, batched);
            phases.iter().zip(shapes).map(of).sum()
        };
        let shapes = |results: usize| -> Option<Vec<Shape>> {
            phases.iter().map(|p| Shape::of(&p.gather, results)).collect()
        };
        let gathered: usize = phases.iter().map(|p| p.gather.positions() * p.taps.len()).sum();
        let direct = (self.g.n * gathered * self.target_channels * self.source_channels) as f64;
        [2, 4]
            .into_iter()
            .filter_map(shapes)
            .map(|shapes| (cost(&shapes), shapes))
            .filter(|(cost, _)| *cost < direct)
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, shapes)| shapes)
    }

    /// Whether images side by side leave few lanes empty.
    fn fills_registers(&self, kernel: &Microkernel<T>) -> bool {
        4 * self.g.n.next_multiple_of(kernel.lanes) <= 5 * self.g.n
    }

    /// Parts that the rows of the result are split into when there are fewer tasks than threads.
    fn row_parts(&self, kernel: &Microkernel<T>, threads: usize, images: usize) -> usize {
        let tasks = self.g.n.div_ceil(images);
        let panels = self.target_channels.div_ceil(kernel.rows);
        if images == 1 && tasks < threads { threads.div_ceil(tasks).min(panels) } else { 1 }
    }
}

/// `y = conv(x, w)`.
#[allow(unsafe_code)]
pub(crate) fn forward<T: Elem>(g: &Geometry, x: &[T], w: &[T]) -> Vec<T> {
    if g.is_empty() {
        return vec![T::default(); g.n * g.output_len()];
    }
    if let Some(form) = Form::of(g) {
        return form.forward(g, x, w);
    }
    let product = Product {
        g,
        source: x,
        source_channels: g.group_in(),
        source_len: g.image_len(),
        source_size: [g.h, g.w],
        weight_strides: [g.depth(), g.kh * g.kw],
        target_channels: g.group_out(),
        target_len: g.output_len(),
        target_width: g.ow,
        target_stride: [1, 1],
    };
    let phase = forward_phase(g);
    // SAFETY: `Product::run` writes everything.
    unsafe { overwritten(g.n * g.output_len(), |y| product.run(std::slice::from_ref(&phase), w, y)) }
}

/// The gradient of `conv(x, w)·dy` in `x`; also the transposed convolution of `dy`.
///
/// Pixels of `x` that are congruent modulo the stride see the same taps: each such phase is a
/// convolution of `dy` with stride 1.
#[allow(unsafe_code)]
pub(crate) fn input_gradient<T: Elem>(g: &Geometry, dy: &[T], w: &[T]) -> Vec<T> {
    if g.is_empty() {
        return vec![T::default(); g.n * g.image_len()];
    }
    if let Some(form) = Form::of(g) {
        return form.input_gradient(g, dy, w);
    }
    let phases = input_phases(g);
    if phases.is_empty() {
        return vec![T::default(); g.n * g.image_len()];
    }
    // Where the output is small, most taps of most pixels read the border: scattering is cheaper.
    let gathered: usize = phases.iter().map(|p| p.gather.positions() * p.taps.len()).sum();
    if 2 * gathered > 3 * g.pixels() * g.kh * g.kw {
        return super::scatter::input_gradient(g, dy, w);
    }
    let product = Product {
        g,
        source: dy,
        source_channels: g.group_out(),
        source_len: g.output_len(),
        source_size: [g.oh, g.ow],
        weight_strides: [g.kh * g.kw, g.depth()],
        target_channels: g.group_in(),
        target_len: g.image_len(),
        target_width: g.w,
        target_stride: g.cfg.stride,
    };
    // SAFETY: `Product::run` writes everything.
    unsafe { overwritten(g.n * g.image_len(), |dx| product.run(&phases, w, dx)) }
}

/// The one phase of the forward product.
pub(crate) fn forward_phase(g: &Geometry) -> Phase {
    Phase { gather: g.gather(), taps: (0..g.kh * g.kw).collect(), first: [0, 0] }
}

/// The phases of the gradient in the image that have pixels and taps.
pub(crate) fn input_phases(g: &Geometry) -> Vec<Phase> {
    let axis = |axis: usize, k: usize, len: usize| -> Vec<(usize, Vec<usize>, Vec<isize>, usize)> {
        let (stride, padding, dilation) = (g.cfg.stride[axis], g.cfg.padding[axis], g.cfg.dilation[axis]);
        (0..stride.min(len))
            .map(|first| {
                let distance = |i: usize| (first + padding) as isize - (i * dilation) as isize;
                let taps: Vec<usize> =
                    (0..k).filter(|i| distance(*i).rem_euclid(stride as isize) == 0).collect();
                let offsets = taps.iter().map(|i| distance(*i).div_euclid(stride as isize)).collect();
                (first, taps, offsets, (len - first).div_ceil(stride))
            })
            .collect()
    };
    let (rows, cols) = (axis(0, g.kh, g.h), axis(1, g.kw, g.w));
    let mut phases = Vec::new();
    for (y, taps_y, offsets_y, high) in &rows {
        for (x, taps_x, offsets_x, wide) in &cols {
            if taps_y.is_empty() || taps_x.is_empty() {
                continue; // No output looks at these pixels: their gradient stays 0.
            }
            let gather = Gather {
                channels: g.group_out(),
                size: [g.oh, g.ow],
                taps: [offsets_y.clone(), offsets_x.clone()],
                stride: [1, 1],
                grid: [*high, *wide],
            };
            let taps = taps_y.iter().flat_map(|i| taps_x.iter().map(move |j| i * g.kw + j)).collect();
            phases.push(Phase { gather, taps, first: [*y, *x] });
        }
    }
    phases
}
