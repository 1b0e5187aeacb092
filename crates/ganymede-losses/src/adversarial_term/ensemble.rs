//! Several discriminators of one model: of periods, of scales, of resolutions.
//!
//! Their losses are summed, `Σ_k L(D_k)`, as are the distances of features that each of them gives of a real and of a generated
//! sample, `Σ_k Σ_l mean |F_kl(x) − F_kl(G)|`.
//!
//! # References
//! Kong et al., 2020, arXiv:2010.05646 (HiFi-GAN), eq. 4 to 7: least squares, and features with a weight of 2, which is the
//! caller's here. Features: Larsen et al., 2016, arXiv:1512.09300; Kumar et al., 2019, arXiv:1910.06711 (MelGAN), with a weight
//! of 10.
//!
//! # Differs from reference implementations
//! HiFi-GAN's least squares have no half, see [`least_squares`](crate::least_squares). pix2pixHD divides by the number of
//! discriminators and of layers; EnCodec divides each layer's distance by the mean of the real features' sizes.

use ganymede_tensor::Tensor;

use crate::{AdversarialLoss, LabelSmoothing, LossError, Scores, l1};

/// What one discriminator's layers give of real samples and of the generated ones that belong to them.
#[derive(Clone, Copy, Debug)]
pub struct LayerFeatures<'a> {
    /// Of each layer, of real samples, `(N, ..)`; detached.
    pub real: &'a [Tensor],
    /// Of each layer, of generated samples, of the shapes of `real`.
    pub fake: &'a [Tensor],
}

/// What the discriminators minimise: the sum of their losses, shape `(N,)`.
///
/// # Arguments
/// * `scores` — of each discriminator, all of one N, each `(N,)` or `(N, P)` with a P of its own.
///
/// # Errors
/// [`LossError::Shape`] if there is no discriminator or N differ; those of [`AdversarialLoss::discriminator`].
pub fn discriminator(
    loss: AdversarialLoss,
    scores: &[Scores<'_>],
    smoothing: LabelSmoothing,
) -> Result<Tensor, LossError> {
    sum("scores", scores, |&scores| loss.discriminator(scores, smoothing))
}

/// What the generator minimises: the sum of its losses under all discriminators, shape `(N,)`.
///
/// # Errors
/// As [`discriminator`]; those of [`AdversarialLoss::generator`].
pub fn generator(loss: AdversarialLoss, scores: &[Scores<'_>]) -> Result<Tensor, LossError> {
    sum("scores", scores, |&scores| loss.generator(scores))
}

/// What the generator minimises besides: `Σ_k Σ_l mean |F_kl(x) − F_kl(G)|`, shape `(N,)`; the mean is over the numbers of a
/// sample.
///
/// Features of real samples are constants.
///
/// # Errors
/// [`LossError::Shape`] if there is no discriminator or layer, or shapes disagree.
pub fn feature_matching(features: &[LayerFeatures<'_>]) -> Result<Tensor, LossError> {
    sum("features", features, |layers| {
        if layers.fake.len() != layers.real.len() {
            let expected = format!("{}, one for each layer of real samples", layers.real.len());
            return Err(LossError::Shape { what: "features.fake", got: vec![layers.fake.len()], expected });
        }
        let pairs: Vec<(&Tensor, &Tensor)> = layers.fake.iter().zip(layers.real).collect();
        sum("features.real", &pairs, |(fake, real)| l1::distance(fake, &real.detach()))
    })
}

/// The sum of values `(N,)` over a list, which may not be empty.
fn sum<T>(
    what: &'static str,
    list: &[T],
    value: impl Fn(&T) -> Result<Tensor, LossError>,
) -> Result<Tensor, LossError> {
    let Some((first, others)) = list.split_first() else {
        return Err(LossError::Shape { what, got: vec![0], expected: "one or more".into() });
    };
    others.iter().try_fold(value(first)?, |sum, item| {
        let value = value(item)?;
        crate::scores::check_same_shape(what, &value, &sum)?;
        Ok((sum + value)?)
    })
}
