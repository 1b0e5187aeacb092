//! The sizes of a convolution.

use super::config::ConvConfig;
use super::gather::Gather;

/// All sizes of one convolution: image `(n, c, h, w)`, weight `(o, c/groups, kh, kw)`, output
/// `(n, o, oh, ow)`.
#[derive(Clone, Copy, Debug)]
pub struct Geometry {
    /// Images.
    pub n: usize,
    /// Channels of the image.
    pub c: usize,
    /// Height of the image.
    pub h: usize,
    /// Width of the image.
    pub w: usize,
    /// Channels of the output.
    pub o: usize,
    /// Height of the kernel.
    pub kh: usize,
    /// Width of the kernel.
    pub kw: usize,
    /// Height of the output.
    pub oh: usize,
    /// Width of the output.
    pub ow: usize,
    /// How the kernel slides.
    pub cfg: ConvConfig,
}

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
