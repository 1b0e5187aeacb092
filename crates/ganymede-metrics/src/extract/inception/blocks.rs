//! The layers, by the names of the published file.

use ganymede_kernels::channels_last::{FrozenConv, Pixels, Pool, pool};
use ganymede_tensor::{Device, Pooling, Tensor, WindowConfig, pool2d, relu};

use super::super::conv::{Conv, Frozen, Spec};
use super::super::weights::Weights;
use super::InceptionTap;
use crate::Result;

/// ε of every batch normalisation.
const EPS: f64 = 1e-3;

/// A window of three by three pixels, and what becomes of it.
#[derive(Clone, Copy)]
enum Window {
    /// The largest of each, two pixels apart: halves the image.
    Halve,
    /// The largest around each pixel.
    Most,
    /// The mean around each pixel of what lies inside the image, then ReLU.
    MeanRelu,
}

/// Side of a [`Window`].
const SIDE: usize = 3;

impl Window {
    /// The distance of neighbouring windows, and how far they reach over the edge.
    fn stride_and_padding(self) -> (usize, usize) {
        match self {
            Self::Halve => (2, 0),
            Self::Most | Self::MeanRelu => (1, 1),
        }
    }

    fn of_tensor(self, x: &Tensor) -> Result<Tensor> {
        let (stride, padding) = self.stride_and_padding();
        let windows = WindowConfig { kernel: [SIDE; 2], stride: [stride; 2], padding: [padding; 2] };
        Ok(match self {
            Self::Halve | Self::Most => pool2d(x, Pooling::Max, windows)?,
            Self::MeanRelu => relu(&pool2d(x, Pooling::MeanInside, windows)?)?,
        })
    }

    fn of_pixels(self, x: &Pixels, out: &mut Pixels, first: usize) {
        let (stride, padding) = self.stride_and_padding();
        let kind = match self {
            Self::Halve | Self::Most => Pool::Max,
            Self::MeanRelu => Pool::MeanRelu,
        };
        pool(x, kind, (SIDE, stride, padding), out, first);
    }

    fn result(self, [h, w]: [usize; 2]) -> [usize; 2] {
        let (stride, padding) = self.stride_and_padding();
        [h, w].map(|size| (size + 2 * padding - SIDE) / stride + 1)
    }
}

/// A step of a branch, whose convolutions are of tensors or of pixels.
enum Step<C> {
    Conv(C),
    Pool(Window),
    /// Two convolutions of the same input, one after the other in the channels.
    Fork([C; 2]),
}

impl Step<Conv> {
    fn run(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Conv(conv) => conv.run(x),
            Self::Pool(window) => window.of_tensor(x),
            Self::Fork([a, b]) => Ok(Tensor::cat(&[a.run(x)?, b.run(x)?], 1)?),
        }
    }
}

impl Step<FrozenConv> {
    /// Height, width and channels of the result.
    fn result(&self, [h, w, c]: [usize; 3]) -> [usize; 3] {
        let sized = |conv: &FrozenConv| conv.result([h, w]).expect("images of this size");
        let ([h, w], c) = match self {
            Self::Conv(conv) => (sized(conv), conv.outputs()),
            Self::Pool(window) => (window.result([h, w]), c),
            Self::Fork([a, b]) => (sized(a), a.outputs() + b.outputs()),
        };
        [h, w, c]
    }

    fn run(&self, x: &Pixels, out: &mut Pixels, first: usize) {
        match self {
            Self::Conv(conv) => conv.run(x, out, first),
            Self::Pool(window) => window.of_pixels(x, out, first),
            Self::Fork([a, b]) => {
                a.run(x, out, first);
                b.run(x, out, first + a.outputs());
            }
        }
    }
}

/// Branches over one input, joined in the channels.
struct Block<C>(Vec<Vec<Step<C>>>);

impl Block<Conv> {
    fn run(&self, x: &Tensor) -> Result<Tensor> {
        let branch = |steps: &Vec<Step<Conv>>| {
            let (first, others) = steps.split_first().expect("a branch has a step");
            others.iter().try_fold(first.run(x)?, |x, step| step.run(&x))
        };
        match self.0.as_slice() {
            [only] => branch(only),
            branches => Ok(Tensor::cat(&branches.iter().map(branch).collect::<Result<Vec<_>>>()?, 1)?),
        }
    }
}

impl Block<FrozenConv> {
    /// Each branch writes its last result straight into its channels of the block's.
    fn run(&self, x: &Pixels) -> Pixels {
        let [n, h, w, c] = x.shape();
        let result =
            |steps: &Vec<Step<FrozenConv>>| steps.iter().fold([h, w, c], |size, step| step.result(size));
        let results: Vec<[usize; 3]> = self.0.iter().map(result).collect();
        let [h, w, _] = results[0];
        let mut out = Pixels::new([n, h, w, results.iter().map(|[.., c]| c).sum()]);
        let mut first = 0;
        for (steps, [.., channels]) in self.0.iter().zip(results) {
            let (last, before) = steps.split_last().expect("a branch has a step");
            let mut between: Option<Pixels> = None;
            for step in before {
                let x = between.as_ref().unwrap_or(x);
                let [_, h, w, c] = x.shape();
                let [h, w, c] = step.result([h, w, c]);
                let mut next = Pixels::new([n, h, w, c]);
                step.run(x, &mut next, 0);
                between = Some(next);
            }
            last.run(between.as_ref().unwrap_or(x), &mut out, first);
            first += channels;
        }
        out
    }
}

/// Everything before the classifier.
pub(super) struct Trunk<C> {
    /// The blocks that lead to each tap.
    stages: [Vec<Block<C>>; 4],
}

impl Trunk<Conv> {
    /// From the tap before to this one: what goes into the last block, and what comes out of it.
    pub(super) fn run(&self, tap: InceptionTap, x: Tensor) -> Result<[Tensor; 2]> {
        let (last, others) = self.stages[tap as usize].split_last().expect("a stage has a block");
        let x = others.iter().try_fold(x, |x, block| block.run(&x))?;
        let after = last.run(&x)?;
        Ok([x, after])
    }
}

impl Trunk<FrozenConv> {
    /// From the tap before to this one: what goes into the last block, and what comes out of it.
    pub(super) fn run(&self, tap: InceptionTap, x: Pixels) -> [Pixels; 2] {
        let (last, others) = self.stages[tap as usize].split_last().expect("a stage has a block");
        let x = others.iter().fold(x, |x, block| block.run(&x));
        let after = last.run(&x);
        [x, after]
    }
}

impl<C: Frozen> Trunk<C> {
    pub(super) fn load(weights: &mut Weights, device: &Device) -> Result<Self> {
        let mut l = Loader { weights, device, block: String::new() };
        let stem = [
            vec![
                l.plain("Conv2d_1a_3x3", halving(3, 32))?,
                l.plain("Conv2d_2a_3x3", valid(32, 32, [3, 3]))?,
                l.plain("Conv2d_2b_3x3", same(32, 64, [3, 3]))?,
                Block(vec![vec![Step::Pool(Window::Halve)]]),
            ],
            vec![
                l.plain("Conv2d_3b_1x1", same(64, 80, [1, 1]))?,
                l.plain("Conv2d_4a_3x3", valid(80, 192, [3, 3]))?,
                Block(vec![vec![Step::Pool(Window::Halve)]]),
            ],
        ];
        let [first, second] = stem;
        let third = vec![
            l.block_a("Mixed_5b", 192, 32)?,
            l.block_a("Mixed_5c", 256, 64)?,
            l.block_a("Mixed_5d", 288, 64)?,
            l.block_b("Mixed_6a")?,
            l.block_c("Mixed_6b", 128)?,
            l.block_c("Mixed_6c", 160)?,
            l.block_c("Mixed_6d", 160)?,
            l.block_c("Mixed_6e", 192)?,
        ];
        let fourth = vec![
            l.block_d("Mixed_7a")?,
            l.block_e("Mixed_7b", 1280, Window::MeanRelu)?,
            l.block_e("Mixed_7c", 2048, Window::Most)?,
        ];
        Ok(Self { stages: [first, second, third, fourth] })
    }
}

/// A convolution that keeps the size of its image.
fn same(inputs: usize, outputs: usize, kernel: [usize; 2]) -> Spec {
    Spec { padding: kernel.map(|k| k / 2), ..valid(inputs, outputs, kernel) }
}

/// A convolution without padding.
fn valid(inputs: usize, outputs: usize, kernel: [usize; 2]) -> Spec {
    Spec { inputs, outputs, kernel, stride: 1, padding: [0, 0], relu: true }
}

/// Three by three without padding, two pixels apart.
fn halving(inputs: usize, outputs: usize) -> Spec {
    Spec { stride: 2, ..valid(inputs, outputs, [3, 3]) }
}

struct Loader<'a> {
    weights: &'a mut Weights,
    device: &'a Device,
    block: String,
}

impl Loader<'_> {
    fn plain<C: Frozen>(&mut self, name: &str, spec: Spec) -> Result<Block<C>> {
        let conv = C::folded(self.weights, name, spec, EPS, self.device)?;
        Ok(Block(vec![vec![Step::Conv(conv)]]))
    }

    /// The convolution `branch` of the current block.
    fn conv<C: Frozen>(&mut self, branch: &str, spec: Spec) -> Result<C> {
        C::folded(self.weights, &format!("{}.{branch}", self.block), spec, EPS, self.device)
    }

    /// Convolutions in a row.
    fn chain<C: Frozen>(&mut self, layers: &[(&str, Spec)]) -> Result<Vec<Step<C>>> {
        layers.iter().map(|(branch, spec)| Ok(Step::Conv(self.conv(branch, *spec)?))).collect()
    }

    /// A pool around each pixel and a convolution of one pixel.
    ///
    /// The mean comes after the convolution here, which has fewer channels: both are linear, and a mean of pixels inside the
    /// image leaves the bias as it is.
    fn pooled<C: Frozen>(&mut self, window: Window, inputs: usize, outputs: usize) -> Result<Vec<Step<C>>> {
        let mean = matches!(window, Window::MeanRelu);
        let spec = Spec { relu: !mean, ..same(inputs, outputs, [1, 1]) };
        let conv = Step::Conv(self.conv("branch_pool", spec)?);
        Ok(if mean { vec![conv, Step::Pool(window)] } else { vec![Step::Pool(window), conv] })
    }

    /// 35 × 35.
    fn block_a<C: Frozen>(&mut self, name: &str, inputs: usize, pooled: usize) -> Result<Block<C>> {
        self.block = name.into();
        let one = |outputs| same(inputs, outputs, [1, 1]);
        Ok(Block(vec![
            self.chain(&[("branch1x1", one(64))])?,
            self.chain(&[("branch5x5_1", one(48)), ("branch5x5_2", same(48, 64, [5, 5]))])?,
            self.chain(&[
                ("branch3x3dbl_1", one(64)),
                ("branch3x3dbl_2", same(64, 96, [3, 3])),
                ("branch3x3dbl_3", same(96, 96, [3, 3])),
            ])?,
            self.pooled(Window::MeanRelu, inputs, pooled)?,
        ]))
    }

    /// 35 × 35 to 17 × 17.
    fn block_b<C: Frozen>(&mut self, name: &str) -> Result<Block<C>> {
        self.block = name.into();
        Ok(Block(vec![
            self.chain(&[("branch3x3", halving(288, 384))])?,
            self.chain(&[
                ("branch3x3dbl_1", same(288, 64, [1, 1])),
                ("branch3x3dbl_2", same(64, 96, [3, 3])),
                ("branch3x3dbl_3", halving(96, 96)),
            ])?,
            vec![Step::Pool(Window::Halve)],
        ]))
    }

    /// 17 × 17.
    fn block_c<C: Frozen>(&mut self, name: &str, inner: usize) -> Result<Block<C>> {
        self.block = name.into();
        let (wide, tall) = ([1, 7], [7, 1]);
        Ok(Block(vec![
            self.chain(&[("branch1x1", same(768, 192, [1, 1]))])?,
            self.chain(&[
                ("branch7x7_1", same(768, inner, [1, 1])),
                ("branch7x7_2", same(inner, inner, wide)),
                ("branch7x7_3", same(inner, 192, tall)),
            ])?,
            self.chain(&[
                ("branch7x7dbl_1", same(768, inner, [1, 1])),
                ("branch7x7dbl_2", same(inner, inner, tall)),
                ("branch7x7dbl_3", same(inner, inner, wide)),
                ("branch7x7dbl_4", same(inner, inner, tall)),
                ("branch7x7dbl_5", same(inner, 192, wide)),
            ])?,
            self.pooled(Window::MeanRelu, 768, 192)?,
        ]))
    }

    /// 17 × 17 to 8 × 8.
    fn block_d<C: Frozen>(&mut self, name: &str) -> Result<Block<C>> {
        self.block = name.into();
        Ok(Block(vec![
            self.chain(&[("branch3x3_1", same(768, 192, [1, 1])), ("branch3x3_2", halving(192, 320))])?,
            self.chain(&[
                ("branch7x7x3_1", same(768, 192, [1, 1])),
                ("branch7x7x3_2", same(192, 192, [1, 7])),
                ("branch7x7x3_3", same(192, 192, [7, 1])),
                ("branch7x7x3_4", halving(192, 192)),
            ])?,
            vec![Step::Pool(Window::Halve)],
        ]))
    }

    /// 8 × 8.
    fn block_e<C: Frozen>(&mut self, name: &str, inputs: usize, window: Window) -> Result<Block<C>> {
        self.block = name.into();
        let (wide, tall) = (same(384, 384, [1, 3]), same(384, 384, [3, 1]));
        let mut branches = vec![
            self.chain(&[("branch1x1", same(inputs, 320, [1, 1]))])?,
            self.chain(&[("branch3x3_1", same(inputs, 384, [1, 1]))])?,
            self.chain(&[
                ("branch3x3dbl_1", same(inputs, 448, [1, 1])),
                ("branch3x3dbl_2", same(448, 384, [3, 3])),
            ])?,
            self.pooled(window, inputs, 192)?,
        ];
        let fork = [self.conv("branch3x3_2a", wide)?, self.conv("branch3x3_2b", tall)?];
        branches[1].push(Step::Fork(fork));
        let fork = [self.conv("branch3x3dbl_3a", wide)?, self.conv("branch3x3dbl_3b", tall)?];
        branches[2].push(Step::Fork(fork));
        Ok(Block(branches))
    }
}
