//! How much there is to do, counted by hand: two operations a multiplication and addition, convolutions only, and only
//! those that a step cannot do without. What norms and activations take is time, not work.

use super::case::{Conv, MetricKind, Recipe, UpdateRule};

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

/// The same for the generator; the first layer makes 4×4 out of a latent vector of 100.
fn generator() -> [f64; 5] {
    let channels = [100, 512, 256, 128, 64, 3];
    // A transposed convolution works at the size that it starts from.
    let sizes = [1usize, 4, 8, 16, 32];
    std::array::from_fn(|i| 2.0 * (channels[i] * channels[i + 1] * sizes[i] * sizes[i] * 16) as f64)
}

/// A pass, and the gradient in every weight: each layer twice, but the first, whose input nobody asks about.
fn backward(layers: &[f64; 5]) -> f64 {
    2.0 * layers.iter().sum::<f64>() - layers[0]
}

/// Of measures, what their products of matrices do; the distance counts as ten products of its size, as a general
/// square root and a decomposition do.
pub(crate) fn metric(metric: &MetricKind) -> f64 {
    match *metric {
        // 5.69 billion multiplications and additions an image.
        MetricKind::Inception { images, .. } => 2.0 * 5.69e9 * images as f64,
        MetricKind::Frechet { dim } => 10.0 * (dim as f64).powi(3),
        MetricKind::Prdc { rows, dim } => 3.0 * 2.0 * (rows as f64).powi(2) * dim as f64,
    }
}

pub(crate) fn step(recipe: Recipe, batch: usize) -> f64 {
    let (d, g) = (discriminator(), generator());
    let (look_d, look_g): (f64, f64) = (d.iter().sum(), g.iter().sum());
    let train_d = look_g + 2.0 * (look_d + backward(&d));
    // The generator's gradient passes through the discriminator, whose weights stay.
    let train_g = look_g + 2.0 * look_d + backward(&g);
    let penalty = match recipe {
        Recipe::Dcgan64 => 0.0,
        Recipe::WganGp64 => penalty(1),
    };
    batch as f64 * (train_d + train_g + penalty)
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
        assert_eq!(generator(), g);
    }
}
