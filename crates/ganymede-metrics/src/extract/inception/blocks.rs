//! The layers, by the names of the published file.

use ganymede_tensor::{Device, Pooling, Tensor, WindowConfig, pool2d};

use super::super::conv::{Conv, Spec, conv_relu};
use super::super::weights::Weights;
use super::InceptionTap;
use crate::Result;

/// ε of every batch normalisation.
const EPS: f64 = 1e-3;

/// Three by three, one pixel apart, reaching one pixel over the edge.
const AROUND: WindowConfig = WindowConfig { kernel: [3, 3], stride: [1, 1], padding: [1, 1] };
/// Three by three, two pixels apart: halves the image.
const HALF: WindowConfig = WindowConfig { kernel: [3, 3], stride: [2, 2], padding: [0, 0] };

enum Step {
    Conv(Conv),
    Pool(Pooling, WindowConfig),
    /// Two convolutions of the same input, one after the other in the channels.
    Fork([Conv; 2]),
}

impl Step {
    fn run(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Conv(conv) => conv_relu(x, conv),
            Self::Pool(pooling, windows) => Ok(pool2d(x, *pooling, *windows)?),
            Self::Fork([a, b]) => Ok(Tensor::cat(&[conv_relu(x, a)?, conv_relu(x, b)?], 1)?),
        }
    }
}

/// Branches over one input, joined in the channels.
struct Block(Vec<Vec<Step>>);

impl Block {
    fn run(&self, x: &Tensor) -> Result<Tensor> {
        let branch = |steps: &Vec<Step>| {
            let (first, others) = steps.split_first().expect("a branch has a step");
            others.iter().try_fold(first.run(x)?, |x, step| step.run(&x))
        };
        match self.0.as_slice() {
            [only] => branch(only),
            branches => Ok(Tensor::cat(&branches.iter().map(branch).collect::<Result<Vec<_>>>()?, 1)?),
        }
    }
}

/// Everything before the classifier.
pub(super) struct Trunk {
    /// The blocks that lead to each tap.
    stages: [Vec<Block>; 4],
}

impl Trunk {
    /// From the tap before to this one: what goes into the last block, and what comes out of it.
    pub(super) fn run(&self, tap: InceptionTap, x: Tensor) -> Result<[Tensor; 2]> {
        let (last, others) = self.stages[tap as usize].split_last().expect("a stage has a block");
        let x = others.iter().try_fold(x, |x, block| block.run(&x))?;
        let after = last.run(&x)?;
        Ok([x, after])
    }

    pub(super) fn load(weights: &mut Weights, device: &Device) -> Result<Self> {
        let mut l = Loader { weights, device, block: String::new() };
        let stem = [
            vec![
                l.plain("Conv2d_1a_3x3", Spec { stride: 2, ..valid(3, 32) })?,
                l.plain("Conv2d_2a_3x3", valid(32, 32))?,
                l.plain("Conv2d_2b_3x3", same(32, 64, [3, 3]))?,
                Block(vec![vec![Step::Pool(Pooling::Max, HALF)]]),
            ],
            vec![
                l.plain("Conv2d_3b_1x1", same(64, 80, [1, 1]))?,
                l.plain("Conv2d_4a_3x3", valid(80, 192))?,
                Block(vec![vec![Step::Pool(Pooling::Max, HALF)]]),
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
            l.block_e("Mixed_7b", 1280, Pooling::MeanInside)?,
            l.block_e("Mixed_7c", 2048, Pooling::Max)?,
        ];
        Ok(Self { stages: [first, second, third, fourth] })
    }
}

/// A convolution that keeps the size of its image.
fn same(inputs: usize, outputs: usize, kernel: [usize; 2]) -> Spec {
    Spec { inputs, outputs, kernel, stride: 1, padding: kernel.map(|k| k / 2) }
}

/// Three by three without padding.
fn valid(inputs: usize, outputs: usize) -> Spec {
    Spec { inputs, outputs, kernel: [3, 3], stride: 1, padding: [0, 0] }
}

/// As [`valid`], two pixels apart.
fn halving(inputs: usize, outputs: usize) -> Spec {
    Spec { stride: 2, ..valid(inputs, outputs) }
}

struct Loader<'a> {
    weights: &'a mut Weights,
    device: &'a Device,
    block: String,
}

impl Loader<'_> {
    fn plain(&mut self, name: &str, spec: Spec) -> Result<Block> {
        let conv = Conv::folded(self.weights, name, spec, EPS, self.device)?;
        Ok(Block(vec![vec![Step::Conv(conv)]]))
    }

    /// The convolution `branch` of the current block.
    fn conv(&mut self, branch: &str, spec: Spec) -> Result<Conv> {
        Conv::folded(self.weights, &format!("{}.{branch}", self.block), spec, EPS, self.device)
    }

    /// Convolutions in a row.
    fn chain(&mut self, layers: &[(&str, Spec)]) -> Result<Vec<Step>> {
        layers.iter().map(|(branch, spec)| Ok(Step::Conv(self.conv(branch, *spec)?))).collect()
    }

    /// A pool and a convolution of one pixel.
    fn pooled(&mut self, pooling: Pooling, inputs: usize, outputs: usize) -> Result<Vec<Step>> {
        let conv = self.conv("branch_pool", same(inputs, outputs, [1, 1]))?;
        Ok(vec![Step::Pool(pooling, AROUND), Step::Conv(conv)])
    }

    /// 35 × 35.
    fn block_a(&mut self, name: &str, inputs: usize, pooled: usize) -> Result<Block> {
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
            self.pooled(Pooling::MeanInside, inputs, pooled)?,
        ]))
    }

    /// 35 × 35 to 17 × 17.
    fn block_b(&mut self, name: &str) -> Result<Block> {
        self.block = name.into();
        Ok(Block(vec![
            self.chain(&[("branch3x3", halving(288, 384))])?,
            self.chain(&[
                ("branch3x3dbl_1", same(288, 64, [1, 1])),
                ("branch3x3dbl_2", same(64, 96, [3, 3])),
                ("branch3x3dbl_3", halving(96, 96)),
            ])?,
            vec![Step::Pool(Pooling::Max, HALF)],
        ]))
    }

    /// 17 × 17.
    fn block_c(&mut self, name: &str, inner: usize) -> Result<Block> {
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
            self.pooled(Pooling::MeanInside, 768, 192)?,
        ]))
    }

    /// 17 × 17 to 8 × 8.
    fn block_d(&mut self, name: &str) -> Result<Block> {
        self.block = name.into();
        Ok(Block(vec![
            self.chain(&[("branch3x3_1", same(768, 192, [1, 1])), ("branch3x3_2", halving(192, 320))])?,
            self.chain(&[
                ("branch7x7x3_1", same(768, 192, [1, 1])),
                ("branch7x7x3_2", same(192, 192, [1, 7])),
                ("branch7x7x3_3", same(192, 192, [7, 1])),
                ("branch7x7x3_4", halving(192, 192)),
            ])?,
            vec![Step::Pool(Pooling::Max, HALF)],
        ]))
    }

    /// 8 × 8.
    fn block_e(&mut self, name: &str, inputs: usize, pooling: Pooling) -> Result<Block> {
        self.block = name.into();
        let (wide, tall) = (same(384, 384, [1, 3]), same(384, 384, [3, 1]));
        let mut branches = vec![
            self.chain(&[("branch1x1", same(inputs, 320, [1, 1]))])?,
            self.chain(&[("branch3x3_1", same(inputs, 384, [1, 1]))])?,
            self.chain(&[
                ("branch3x3dbl_1", same(inputs, 448, [1, 1])),
                ("branch3x3dbl_2", same(448, 384, [3, 3])),
            ])?,
            self.pooled(pooling, inputs, 192)?,
        ];
        let fork = [self.conv("branch3x3_2a", wide)?, self.conv("branch3x3_2b", tall)?];
        branches[1].push(Step::Fork(fork));
        let fork = [self.conv("branch3x3dbl_3a", wide)?, self.conv("branch3x3dbl_3b", tall)?];
        branches[2].push(Step::Fork(fork));
        Ok(Block(branches))
    }
}
