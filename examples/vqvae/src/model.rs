//! A small VQ-VAE, and a discriminator of patches, on grey images of 32 pixels.

use ganymede_losses::l1;
use ganymede_models::{Conv2d, Conv2dConfig, Mode};
use ganymede_tensor::{
    D, DType, Device, Init, Param, Params, Result, Rng, Tensor, bail, leaky_relu, tanh, upsample_nearest2d,
};

/// Numbers of a code vector.
const CODE: usize = 8;
/// Code vectors in the book.
const BOOK: usize = 64;
/// How much less the encoder is pulled to the codes than they to it.
const COMMITMENT: f64 = 0.25;
/// A pass that trains: no layer here has statistics.
const TRAIN: Mode = Mode::Train { update_stats: false };

/// Layers one after another.
struct Stack(Vec<Conv2d>);

impl Stack {
    /// Of channels from and to, kernel and stride of each layer; images keep their size but for the stride.
    fn new(params: &Params, rng: &Rng, name: &str, layers: &[(usize, usize, usize, usize)]) -> Result<Self> {
        let builder = params.builder(rng.clone(), DType::F32, &Device::Cpu).pp(name);
        let layer = |(i, &(from, to, kernel, stride)): (usize, &(usize, usize, usize, usize))| {
            let config = Conv2dConfig::new(from, to, kernel).with_stride(stride, (kernel - 1) / 2);
            Conv2d::new(&config, &builder.pp(i))
        };
        Ok(Self(layers.iter().enumerate().map(layer).collect::<Result<_>>()?))
    }

    /// All layers, with `between` in front of each but the first.
    fn forward(&self, x: &Tensor, between: impl Fn(usize, Tensor) -> Result<Tensor>) -> Result<Tensor> {
        let mut x = x.clone();
        for (i, layer) in self.0.iter().enumerate() {
            let input = if i == 0 { x } else { between(i, leaky_relu(&x, 0.2)?)? };
            x = layer.forward(&input, TRAIN)?;
        }
        Ok(x)
    }
}

/// An autoencoder whose code is a map of 8×8 entries of a book.
pub(crate) struct Autoencoder {
    pub(crate) params: Params,
    encoder: Stack,
    book: Param,
    decoder: Stack,
}

/// What a pass gives.
pub(crate) struct Coded {
    /// Images `(N, 1, 32, 32)` in [−1, 1].
    pub(crate) output: Tensor,
    /// What pulls codes and encoder together, a scalar.
    pub(crate) commitment: Tensor,
}

impl Autoencoder {
    pub(crate) fn new(seed: u64) -> Result<Self> {
        let (params, rng) = (Params::new(), Rng::stream(seed, "autoencoder"));
        let encoder = Stack::new(
            &params,
            &rng,
            "encoder",
            &[(1, 16, 4, 2), (16, 32, 4, 2), (32, 32, 3, 1), (32, CODE, 1, 1)],
        )?;
        let decoder = Stack::new(
            &params,
            &rng,
            "decoder",
            &[(CODE, 32, 3, 1), (32, 32, 3, 1), (32, 16, 3, 1), (16, 1, 3, 1)],
        )?;
        let builder = params.builder(Rng::stream(seed, "book"), DType::F32, &Device::Cpu);
        let book = builder.param("book", (BOOK, CODE), Init::Normal { mean: 0.0, std: 0.3 })?;
        Ok(Self { params, encoder, book, decoder })
    }

    pub(crate) fn forward(&self, images: &Tensor) -> Result<Coded> {
        let codes = self.encoder.forward(images, |_, x| Ok(x))?;
        let (codes, commitment) = quantise(&codes, &self.book.get())?;
        // Twice as large in front of the second and the third layer.
        let output = self.decoder.forward(&codes, |i, x| match i {
            1 | 2 => upsample_nearest2d(&x, 2),
            _ => Ok(x),
        })?;
        Ok(Coded { output: tanh(&output)?, commitment })
    }

    /// The weight of the decoder's last layer, which the adaptive weight looks at.
    pub(crate) fn last_layer(&self) -> Result<Tensor> {
        let name = format!("decoder.{}.weight", self.decoder.0.len() - 1);
        match self.params.params().iter().find(|param| param.name() == name) {
            Some(param) => Ok(param.get()),
            None => bail!("there is no {name}"),
        }
    }
}

/// The nearest entry of the book at each place of `(N, C, H, W)`, through which gradients pass as if nothing had been
/// changed, and what pulls both together.
pub(crate) fn quantise(codes: &Tensor, book: &Tensor) -> Result<(Tensor, Tensor)> {
    let (n, c, h, w) = codes.dims4()?;
    let places = codes.permute((0, 2, 3, 1))?.contiguous()?.reshape((n * h * w, c))?;
    // Squared distances, but for the places' own lengths, which choose nothing.
    let products = (places.detach().matmul(&book.detach().t()?)? * 2.0)?;
    let lengths = book.detach().sqr()?.sum(1)?.unsqueeze(0)?;
    let nearest = lengths.broadcast_sub(&products)?.argmin(D::Minus1)?;
    let entries = book.index_select(&nearest, 0)?;
    let pull = |a: &Tensor, b: &Tensor| (a - b.detach())?.sqr()?.mean_all();
    let commitment = (pull(&entries, &places)? + (pull(&places, &entries)? * COMMITMENT)?)?;
    let passed = (&places + (&entries - &places)?.detach())?;
    let passed = passed.reshape((n, h, w, c))?.permute((0, 3, 1, 2))?.contiguous()?;
    Ok((passed, commitment))
}

/// A discriminator of patches.
pub(crate) struct Discriminator {
    pub(crate) params: Params,
    layers: Stack,
}

impl Discriminator {
    pub(crate) fn new(seed: u64) -> Result<Self> {
        let params = Params::new();
        let rng = Rng::stream(seed, "discriminator");
        let layers = Stack::new(&params, &rng, "layers", &[(1, 32, 4, 2), (32, 64, 4, 2), (64, 1, 3, 1)])?;
        Ok(Self { params, layers })
    }

    /// Raw scores `(N, P)`, one a patch.
    pub(crate) fn scores(&self, images: &Tensor) -> Result<Tensor> {
        self.layers.forward(images, |_, x| Ok(x))?.flatten_from(1)
    }
}

/// The mean absolute difference, a scalar.
pub(crate) fn reconstruction(output: &Tensor, images: &Tensor) -> Result<Tensor> {
    l1::distance(output, images)?.mean_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ganymede_tensor::{Graph, grad, watch};

    #[test]
    fn codes_become_the_nearest_entry_and_gradients_pass() {
        let book = watch(&Tensor::new(&[[0.0, 0.0], [1.0, 1.0]], &Device::Cpu).unwrap()).unwrap();
        let codes = Tensor::new(&[[[[0.1, 0.9]], [[0.2, 0.6]]]], &Device::Cpu).unwrap();
        let codes = watch(&codes).unwrap();
        let (passed, commitment) = quantise(&codes, &book).unwrap();
        assert_eq!(passed.dims(), [1, 2, 1, 2]);
        let numbers = passed.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        for (found, expected) in numbers.iter().zip([0.0, 1.0, 0.0, 1.0]) {
            assert!((found - expected).abs() < 1e-12, "{numbers:?}");
        }
        let mean = (0.01 + 0.01 + 0.04 + 0.16) / 4.0;
        let found = commitment.to_scalar::<f64>().unwrap();
        assert!((found - 1.25 * mean).abs() < 1e-12, "{found}");
        let slope = grad(&passed.sum_all().unwrap(), &[&codes, &book], Graph::Discard).unwrap();
        assert_eq!(slope[0].flatten_all().unwrap().to_vec1::<f64>().unwrap(), [1.0; 4]);
        assert_eq!(slope[1].flatten_all().unwrap().to_vec1::<f64>().unwrap(), [0.0; 4]);
    }

    #[test]
    fn images_keep_their_size() {
        let images = Rng::new(1).uniform(-1.0, 1.0, (2, 1, 32, 32), DType::F32, &Device::Cpu).unwrap();
        let autoencoder = Autoencoder::new(0).unwrap();
        let output = autoencoder.forward(&images).unwrap().output;
        assert_eq!(output.dims(), images.dims());
        assert_eq!(autoencoder.last_layer().unwrap().dims(), [1, 16, 3, 3]);
        assert_eq!(Discriminator::new(0).unwrap().scores(&output).unwrap().dims(), [2, 64]);
    }
}
