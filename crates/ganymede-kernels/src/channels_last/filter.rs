//! A convolution of a frozen network, and the way that suits it.

use super::direct::Direct;
use super::line_tiles::LineTiles;
use super::panels::Finish;
use super::pixels::Pixels;
use super::square_tiles::SquareTiles;
use crate::lanes::LANES;

/// Numbers of a weight that is transformed on both axes: its 36 matrices are four times as large, and wide layers see too few
/// pixels to be worth reading them.
const SQUARE_WEIGHT: usize = 32 << 10;

/// A convolution with bias.
#[derive(Clone, Copy, Debug)]
pub struct Filter<'a> {
    /// `(outputs, inputs, height, width)`.
    pub weight: &'a [f32],
    /// `(outputs,)`.
    pub bias: &'a [f32],
    /// The shape of the weight.
    pub shape: [usize; 4],
    /// The distance of neighbouring results on both axes.
    pub stride: usize,
    /// Zeros around the image: above and below, left and right.
    pub padding: [usize; 2],
    /// Whether a ReLU follows.
    pub relu: bool,
}

/// A convolution whose weight is packed.
pub struct FrozenConv {
    way: Way,
    bias: Vec<f32>,
    relu: bool,
    shape: [usize; 4],
    stride: usize,
    padding: [usize; 2],
}

enum Way {
    Direct(Direct),
    Lines(LineTiles),
    Squares(SquareTiles),
}

impl FrozenConv {
    /// Packs a weight.
    ///
    /// # Panics
    /// Weight or bias have another length than the shape says, or the stride is 0.
    pub fn new(filter: &Filter) -> Self {
        let Filter { weight, bias, shape, stride, padding, relu } = *filter;
        let [outputs, inputs, high, wide] = shape;
        assert_eq!(weight.len(), shape.iter().product::<usize>(), "numbers of a weight {shape:?}");
        assert_eq!(bias.len(), outputs, "numbers of a bias");
        assert!(stride > 0, "a stride of 0");
        let at = |o: usize, c: usize, i: usize, j: usize| weight[((o * inputs + c) * high + i) * wide + j];
        let whole = inputs % LANES == 0 && outputs % LANES == 0 && stride == 1;
        let way = match [high, wide] {
            [3, 3] if whole && inputs * outputs <= SQUARE_WEIGHT => {
                Way::Squares(SquareTiles::new([outputs, inputs], padding, at))
            }
            [1, 3 | 7] | [3, 3] | [5, 5] if whole => Way::Lines(LineTiles::new(shape, 1, padding, at)),
            [3 | 7, 1] if whole => Way::Lines(LineTiles::new(shape, 0, padding, at)),
            _ => Way::Direct(Direct::new(shape, stride, padding, at)),
        };
        let padded = match &way {
            Way::Direct(way) => way.padded(),
            Way::Lines(way) => way.padded(),
            Way::Squares(way) => way.padded(),
        };
        let mut bias = bias.to_vec();
        bias.resize(padded, 0.0);
        Self { way, bias, relu, shape, stride, padding }
    }

    /// Channels that a result has.
    pub fn outputs(&self) -> usize {
        self.shape[0]
    }

    /// Height and width of the result of an image of `size`; `None` where the kernel does not fit into it.
    pub fn result(&self, size: [usize; 2]) -> Option<[usize; 2]> {
        let axis = |i: usize| {
            (size[i] + 2 * self.padding[i]).checked_sub(self.shape[2 + i]).map(|room| room / self.stride + 1)
        };
        Some([axis(0)?, axis(1)?])
    }

    /// Convolves `x` into the channels of `out` from `first` on.
    ///
    /// # Panics
    /// Shapes do not fit: `x` has the weight's inputs, `out` the size of [`FrozenConv::result`] and channels enough.
    pub fn run(&self, x: &Pixels, out: &mut Pixels, first: usize) {
        let ([n, h, w, c], [on, oh, ow, channels]) = (x.shape(), out.shape());
        assert_eq!(c, self.shape[1], "channels of an image");
        assert_eq!((n, self.result([h, w])), (on, Some([oh, ow])), "the size of a result");
        assert!(first + self.outputs() <= channels, "channels of a result");
        let finish = Finish { bias: Some(&self.bias), relu: self.relu };
        match &self.way {
            Way::Direct(way) => way.run(x, out, first, finish),
            Way::Lines(way) => way.run(x, out, first, finish),
            Way::Squares(way) => way.run(x, out, first, finish),
        }
    }
}
