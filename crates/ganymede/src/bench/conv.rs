//! A convolution and its gradients, on our side.

use anyhow::{Result, bail};
use ganymede_tensor::{
    ConvConfig, DType, Device, Rng, Tensor, conv_transpose2d, conv2d, conv2d_weight_gradient,
};

use super::case::Conv;
use super::worker::Work;

/// A layer with an image, a weight and a gradient of its result, none of them tracked.
pub(super) struct Layer {
    x: Tensor,
    w: Tensor,
    dy: Tensor,
    config: ConvConfig,
    kernel: [usize; 2],
    /// Rows and columns of the image that no kernel position reaches.
    rest: [usize; 2],
}

impl Layer {
    pub(super) fn new(shape: &Conv) -> Result<Self> {
        let Conv { n, c, size, o, kernel, stride, padding, .. } = *shape;
        let [oh, ow] = shape.output();
        let mut rng = Rng::new(0);
        let mut draw = |dims: (usize, usize, usize, usize)| rng.normal(dims, DType::F32, &Device::Cpu);
        Ok(Self {
            x: draw((n, c, size, size))?,
            w: draw((o, c, kernel[0], kernel[1]))?,
            dy: draw((n, o, oh, ow))?,
            config: ConvConfig { stride: [stride; 2], padding, ..ConvConfig::default() },
            kernel,
            rest: [0, 1].map(|axis| (size + 2 * padding[axis] - kernel[axis]) % stride),
        })
    }

    fn part(&self, part: &str) -> Result<Tensor> {
        Ok(match part {
            "forward" => conv2d(&self.x, &self.w, self.config)?,
            "dx" => conv_transpose2d(&self.dy, &self.w, self.config, self.rest)?,
            "dw" => conv2d_weight_gradient(&self.x, &self.dy, self.kernel, self.config)?,
            _ => bail!("a convolution has no part `{part}`"),
        })
    }
}

impl Work for Layer {
    fn run(&mut self, part: &str) -> Result<()> {
        self.part(part).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::super::args::Benchmark;
    use super::super::case::Case;
    use super::super::tables::rows;
    use super::*;

    #[test]
    fn the_parts_of_every_row_have_the_shapes_of_what_they_stand_for() {
        for case in rows(Benchmark::Conv) {
            let Case::Conv(shape) = case else { panic!("{case:?} is no convolution") };
            let layer = Layer::new(&Conv { n: 1, ..shape.clone() }).unwrap();
            for (part, like) in [("forward", &layer.dy), ("dx", &layer.x), ("dw", &layer.w)] {
                assert_eq!(layer.part(part).unwrap().dims(), like.dims(), "{part} of {shape:?}");
            }
        }
    }
}
