//! The three products of a convolution on the CPU: forward, gradient in the image, gradient in the
//! weight.
//!
//! All are products of a packed operand with one that is gathered from the image while it is
//! packed, over blocks of columns. The order of the sums depends on shapes alone: results are the
//! same bits for any number of threads.

use std::ops::Range;

use rayon::prelude::*;

use super::abreast;
use super::elem::{Elem, Scratch, overwritten};
use super::gather::{Border, Gather};
use super::implicit::{Direct, Target, WeightView, in_place_pays};
use super::matrix::Form;
use super::microkernel::Microkernel;
use super::winograd::{Shape, Winograd};
use crate::ConvConfig;

/// All sizes of one convolution: image `(n, c, h, w)`, weight `(o, c/groups, kh, kw)`, output
/// `(n, o, oh, ow)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub(crate) n: usize,
    pub(crate) c: usize,
    pub(crate) h: usize,
    pub(crate) w: usize,
    pub(crate) o: usize,
    pub(crate) kh: usize,
    pub(crate) kw: usize,
    pub(crate) oh: usize,
    pub(crate) ow: usize,
    pub(crate) cfg: ConvConfig,
}

/// Columns of one task: fewer make the packed operand be read too often.
const COLUMNS: usize = 480;

impl Geometry {
    pub(super) fn pixels(&self) -> usize {
        self.oh * self.ow
    }
    pub(super) fn group_in(&self) -> usize {
        self.c / self.cfg.groups
    }
    pub(super) fn group_out(&self) -> usize {
        self.o / self.cfg.groups
    }
    /// Numbers of the weight that one output channel sees.
    pub(super) fn depth(&self) -> usize {
        self.group_in() * self.kh * self.kw
    }
    pub(super) fn image_len(&self) -> usize {
        self.c * self.h * self.w
    }
    pub(super) fn output_len(&self) -> usize {
        self.o * self.pixels()
    }
    pub(super) fn weight_len(&self) -> usize {
        self.o * self.depth()
    }
    pub(super) fn is_empty(&self) -> bool {
        self.n == 0 || self.output_len() == 0 || self.weight_len() == 0 || self.image_len() == 0
    }

    /// How the image is read by the forward product.
    pub(super) fn gather(&self) -> Gather {
        let taps = |axis: usize, k: usize| {
            let (dilation, padding) = (self.cfg.dilation[axis], self.cfg.padding[axis]);
            (0..k).map(|i| (i * dilation) as isize - padding as isize).collect()
        };
        Gather {
            channels: self.group_in(),
            size: [self.h, self.w],
            taps: [taps(0, self.kh), taps(1, self.kw)],
            stride: self.cfg.stride,
            grid: [self.oh, self.ow],
        }
    }
}

/// A part of a product: the source positions of some of the target's pixels, and the taps of the
/// weight that reach them.
struct Phase {
    gather: Gather,
    /// Where these taps lie in a kernel, line by line.
    taps: Vec<usize>,
    /// Line and column of the target's first pixel.
    first: [usize; 2],
}

/// How a phase is computed.
enum Way<'a, T: Elem> {
    Direct(Direct<'a, T>),
    Tiles(Winograd<'a, T>),
}

impl<T: Elem> Way<'_, T> {
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
    /// The distance of neighbouring rows of the weight, and of neighbouring channels.
    weight_strides: [usize; 2],
    target_channels: usize,
    target_len: usize,
    /// Width of the target, and the distance of its pixels on both axes.
    target_width: usize,
    target_stride: [usize; 2],
}

impl<T: Elem> Product<'_, T> {
    /// Runs all phases of one group, whose weight is `w`.
    fn run(&self, phases: &[Phase], group: usize, w: &[T], out: &mut [T]) {
        let kernel = T::microkernel();
        let [h, w_] = phases[0].gather.size;
        let shapes = self.shapes(phases);
        let gathers: Vec<Gather> = phases
            .iter()
            .map(|p| if shapes.is_some() { Shape::whole_tiles(&p.gather) } else { p.gather.clone() })
            .collect();
        let sorted = shapes.as_ref().map_or(phases[0].gather.stride, |s| s[0].phases());
        let border = Border::around([h, w_], &gathers, sorted);
        let surrounded = self.source_channels * border.plane();
        let threads = rayon::current_num_threads();
        let positions: usize = phases.iter().map(|p| p.gather.positions()).sum();
        let images = COLUMNS.div_ceil(positions.max(1)).clamp(1, self.g.n.div_ceil(threads).max(1));
        let pixels = self.target_len / self.target_channels / self.g.cfg.groups;
        let group_target = self.target_channels * pixels;
        let group_source = self.source_channels * h * w_;
        let target = |phase: &Phase, images: usize| {
            let first = phase.first[0] * self.target_width + phase.first[1];
            Target {
                image: self.target_len,
                channel: pixels,
                line: self.target_width * self.target_stride[0],
                step: self.target_stride[1],
                first: if images == 1 { first } else { first + group * group_target },
            }
        };
        let short = |p: &Phase| {
            !in_place_pays(kernel, (&p.gather, &border), &target(p, images), self.target_channels)
        };
        let pays =
            if shapes.is_some() { Shape::is_narrow(&phases[0].gather) } else { phases.iter().all(short) };
        // With fewer registers of images than threads, some of these would have nothing to do.
        let abreast = pays && self.fills_registers(kernel) && self.g.n >= kernel.lanes * threads;
        let images = if abreast {
            let share = self.g.n / threads / kernel.lanes * kernel.lanes;
            images.next_multiple_of(kernel.lanes).min(share)
        } else {
            images
        };
        let parts = self.row_parts(kernel, threads, images);
        let rows_a_part = self.target_channels.div_ceil(parts).next_multiple_of(kernel.rows);
        let way = |i: usize| {
            let phase = &phases[i];
            let target = target(phase, images);
            let view = WeightView {
                data: w,
                rows: self.target_channels,
                channels: self.source_channels,
                strides: self.weight_strides,
                taps: &phase.taps,
            };
            match &shapes {
                Some(shapes) => {
                    let images = if abreast { kernel.lanes } else { 1 };
                    let source = (&phase.gather, &border);
                    Way::Tiles(Winograd::new(kernel, shapes[i], source, &view, target, images))
                }
                None => {
                    let task = (images, rows_a_part.min(self.target_channels));
                    Way::Direct(Direct::new(kernel, (&phase.gather, &border), &view, target, task, abreast))
                }
            }
        };
        let ways: Vec<Way<T>> = (0..phases.len()).map(way).collect();
        let slack = ways.iter().map(Way::slack).max().unwrap_or(0);
        // With one part a task owns its images' whole outputs; with several, one image's rows.
        let jobs = out
            .par_chunks_mut(images * self.target_len)
            .zip(self.source.par_chunks(images * self.source_len));
        jobs.for_each(|(out, source)| {
            let count = source.len() / self.source_len;
            let own = if images == 1 { &mut out[group * group_target..][..group_target] } else { out };
            let chunk = if images == 1 { rows_a_part * pixels } else { own.len() };
            own.par_chunks_mut(chunk).enumerate().for_each(|(part, out)| {
                let rows = part * rows_a_part..((part + 1) * rows_a_part).min(self.target_channels);
                let rows = if images == 1 { rows } else { 0..self.target_channels };
                let room_for = if abreast { count.next_multiple_of(kernel.lanes) } else { count };
                let mut room = Scratch::new(room_for * surrounded + slack);
                let slices =
                    source.chunks_exact(self.source_len).map(|s| &s[group * group_source..][..group_source]);
                if abreast {
                    abreast::surround(&border, [h, w_], &slices.collect::<Vec<_>>(), kernel.lanes, &mut room);
                } else {
                    border.surround([h, w_], slices, self.source_channels, &mut room);
                }
                ways.iter().for_each(|way| way.run(&room, count, rows.clone(), out));
            });
        });
    }

    /// The tiles of all phases, where these are faster than the definition.
    fn shapes(&self, phases: &[Phase]) -> Option<Vec<Shape>> {
        let kernel = T::microkernel();
        let abreast = if self.fills_registers(kernel) { kernel.lanes } else { 1 };
        let pays = |p: &Phase, s: &Shape| s.is_worth_it(&p.gather, self.g.n, self.target_channels, abreast);
        let shape = |p: &Phase| Shape::of(&p.gather).filter(|s| pays(p, s));
        phases.iter().map(shape).collect()
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
pub(crate) fn forward<T: Elem>(g: &Geometry, x: &[T], w: &[T]) -> Vec<T> {
    if g.is_empty() {
        return vec![T::default(); g.n * g.output_len()];
    }
    if let Some(form) = Form::of(g) {
        return overwritten(g.n * g.output_len(), |y| form.forward(g, x, w, y));
    }
    let product = Product {
        g,
        source: x,
        source_channels: g.group_in(),
        source_len: g.image_len(),
        weight_strides: [g.depth(), g.kh * g.kw],
        target_channels: g.group_out(),
        target_len: g.output_len(),
        target_width: g.ow,
        target_stride: [1, 1],
    };
    let phase = Phase { gather: g.gather(), taps: (0..g.kh * g.kw).collect(), first: [0, 0] };
    overwritten(g.n * g.output_len(), |y| {
        for group in 0..g.cfg.groups {
            let w = &w[group * g.group_out() * g.depth()..];
            product.run(std::slice::from_ref(&phase), group, w, y);
        }
    })
}

/// The gradient of `conv(x, w)·dy` in `x`; also the transposed convolution of `dy`.
///
/// Pixels of `x` that are congruent modulo the stride see the same taps: each such phase is a
/// convolution of `dy` with stride 1.
pub(crate) fn input_gradient<T: Elem>(g: &Geometry, dy: &[T], w: &[T]) -> Vec<T> {
    if g.is_empty() {
        return vec![T::default(); g.n * g.image_len()];
    }
    if let Some(form) = Form::of(g) {
        return overwritten(g.n * g.image_len(), |dx| form.input_gradient(g, dy, w, dx));
    }
    let phases = input_phases(g);
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
        weight_strides: [g.kh * g.kw, g.depth()],
        target_channels: g.group_in(),
        target_len: g.image_len(),
        target_width: g.w,
        target_stride: g.cfg.stride,
    };
    let seen: usize = phases.iter().map(|p| p.gather.positions()).sum();
    overwritten(g.n * g.image_len(), |dx| {
        if seen < g.h * g.w {
            dx.fill(T::default()); // No output looks at some pixels: their gradient is 0.
        }
        for group in 0..if phases.is_empty() { 0 } else { g.cfg.groups } {
            product.run(&phases, group, &w[group * g.group_out() * g.depth()..], dx);
        }
    })
}

/// The phases of the gradient in the image that have pixels and taps.
fn input_phases(g: &Geometry) -> Vec<Phase> {
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
