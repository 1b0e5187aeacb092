//! How much there is to do: two operations a multiplication and addition, in convolutions, linear layers and attention,
//! and only those that a step cannot do without. What norms and activations take is time, not work.

use super::case::{Conv, MetricKind, Recipe, UpdateRule};
use super::gan::Networks;

pub(crate) fn conv(conv: &Conv) -> f64 {
    let [oh, ow] = conv.output();
    2.0 * (conv.n * conv.o * oh * ow * conv.c * conv.kernel[0] * conv.kernel[1]) as f64
}

/// The forward pass of each layer of DCGAN's discriminator at 64 px, the first to see the image.
fn discriminator() -> [f64; 5] {
    let channels = [3, 64, 128, 256, 512, 1];
    // All layers but the last halve the size.
    let sizes = [32usize, 16, 8, 4, 1];
    std::array::from_fn(|i| 2.0 * (channels[i] * channels[i + 1] * sizes[i] * sizes[i] * 16) as f64)
}

/// A forward pass of a sample through a network: all of it, and the layers that see its input.
struct Pass {
    all: f64,
    first: f64,
}

impl Pass {
    fn new(products: u128, first: usize) -> Self {
        Self { all: 2.0 * products as f64, first: 2.0 * first as f64 }
    }

    /// A way back with the gradient in every weight: each layer twice, but the first, whose input nobody asks about.
    fn backward(&self) -> f64 {
        2.0 * self.all - self.first
    }
}

/// Multiplications of the layers that see a latent vector, and of those that see an image.
fn first_layers(recipe: Recipe) -> [usize; 2] {
    // Of a residual block a 3×3 convolution at the image's side, and the shortcut at half of it.
    let block = |width: usize| (9 * 32 * 32 + 16 * 16) * 3 * width;
    match recipe {
        Recipe::Dcgan64 | Recipe::Ada64 | Recipe::WganGp64 => [100 * 512 * 16, 3 * 64 * 16 * 32 * 32],
        Recipe::SnResnet32 | Recipe::Sagan32 => [128 * 256 * 16, block(128)],
        Recipe::Biggan32 => [30 * 256 * 16, block(256)],
        Recipe::R3gan32 => [64 * 128, 3 * 128 * 32 * 32],
        Recipe::Pggan64 => [512 * 128 * 16, 3 * 64 * 64 * 64],
        Recipe::Stylegan264 => [256 * 256, 3 * 64 * 64 * 64],
    }
}

/// Of measures, what their products of matrices do; the distance counts as ten products of its size, as a general
/// square root and a decomposition do.
pub(crate) fn metric(metric: &MetricKind) -> f64 {
    match *metric {
        // 5.69 billion multiplications and additions an image.
        MetricKind::Inception { images, .. } => 2.0 * 5.69e9 * images as f64,
        // 257 tokens of 384 numbers through twelve layers, and the patches.
        MetricKind::Dinov2 { images } => 2.0 * 6.12e9 * images as f64,
        MetricKind::Frechet { dim } => 10.0 * (dim as f64).powi(3),
        MetricKind::Prdc { rows, dim } => 3.0 * 2.0 * (rows as f64).powi(2) * dim as f64,
    }
}

pub(crate) fn step(recipe: Recipe, batch: usize) -> f64 {
    let sizes = Networks::of(recipe).expect("every recipe is a configuration");
    let [first_g, first_d] = first_layers(recipe);
    let g = Pass::new(sizes.generator.products, first_g);
    let d = Pass::new(sizes.discriminator.products, first_d);
    let train_d = g.all + 2.0 * (d.all + d.backward());
    // The generator's gradient passes through the discriminator, whose weights stay.
    let train_g = g.all + 2.0 * d.all + g.backward();
    let besides = match recipe {
        Recipe::Dcgan64 | Recipe::Ada64 | Recipe::SnResnet32 | Recipe::Sagan32 | Recipe::Biggan32 => 0.0,
        Recipe::WganGp64 => penalty(1),
        // As of `penalty`, but the last layer, of one output.
        Recipe::Pggan64 | Recipe::Stylegan264 => 4.0 * d.all,
        // Two penalties from the passes that are there anyway, and the generator's look at real samples.
        Recipe::R3gan32 => 2.0 * 3.0 * d.all + d.all,
    };
    batch as f64 * (train_d + train_g + besides)
}

/// Forward; the gradient in the image; that gradient's own gradient in each weight, by way of a pass through all
/// layers but the last. The way back through the first forward pass is empty: activations are piecewise linear.
pub(crate) fn penalty(batch: usize) -> f64 {
    let d = discriminator();
    batch as f64 * (4.0 * d.iter().sum::<f64>() - d[4])
}

/// Bytes read and written by an update in place.
pub(crate) fn update_bytes(rule: UpdateRule, elements: usize) -> f64 {
    let (read, written) = match rule {
        // Parameter, gradient, two moments.
        UpdateRule::Adam => (4, 3),
        UpdateRule::Rmsprop => (3, 2),
        UpdateRule::Ema => (2, 1),
    };
    (elements * (read + written) * 4) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_count_what_their_shapes_say() {
        let by_shape = |c, size, o, stride, padding: usize| {
            conv(&Conv {
                network: String::new(),
                n: 1,
                c,
                size,
                o,
                kernel: [4, 4],
                stride,
                padding: [padding; 2],
            })
        };
        let d = [
            by_shape(3, 64, 64, 2, 1),
            by_shape(64, 32, 128, 2, 1),
            by_shape(128, 16, 256, 2, 1),
            by_shape(256, 8, 512, 2, 1),
            by_shape(512, 4, 1, 1, 0),
        ];
        assert_eq!(discriminator(), d);
        // A transposed layer is the gradient of the convolution that goes the other way.
        let g = [
            by_shape(512, 4, 100, 1, 0),
            by_shape(256, 8, 512, 2, 1),
            by_shape(128, 16, 256, 2, 1),
            by_shape(64, 32, 128, 2, 1),
            by_shape(3, 64, 64, 2, 1),
        ];
        // The networks count the same of themselves.
        let networks = Networks::of(Recipe::Dcgan64).unwrap();
        let [first_g, first_d] = first_layers(Recipe::Dcgan64);
        for (layers, size, first) in [(d, networks.discriminator, first_d), (g, networks.generator, first_g)]
        {
            let pass = Pass::new(size.products, first);
            assert_eq!((pass.all, pass.first), (layers.iter().sum(), layers[0]));
        }
    }
}
