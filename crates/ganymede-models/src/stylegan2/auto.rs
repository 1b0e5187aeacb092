//! What stylegan2-ada-pytorch takes where it is told nothing.

/// The settings of `--cfg=auto` for one device, from the resolution and the batch.
///
/// | | |
/// |---|---|
/// | batch B | 4096/R, from 1 to 32 |
/// | group of the minibatch deviation | B, at most 4 |
/// | `channel_base` | 32,768 from 512 pixels on, else half of it |
/// | Adam's rate | 0.002 from 1024 pixels on, else 0.0025; betas (0, 0.99) |
/// | γ of R1 | 0.0002·R²/B |
/// | half-life of the average | B·10/32 thousand images, at first 0.05 of the images shown |
/// | mapping layers | 2 |
///
/// That program computes γ and the half-life from its own batch, also where another one is asked for; here all of it is for
/// the batch that is trained with.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Stylegan2Auto {
    /// Samples of a batch.
    pub batch: usize,
    /// [`Stylegan2DiscriminatorConfig::mbstd_group`](super::Stylegan2DiscriminatorConfig).
    pub mbstd_group: usize,
    /// `channel_base` of both networks; `channel_max` is 512.
    pub channel_base: usize,
    /// [`Stylegan2GeneratorConfig::mapping_layers`](super::Stylegan2GeneratorConfig); the mapping of the class in the
    /// discriminator keeps its 8.
    pub mapping_layers: usize,
    /// The learning rate of both players.
    pub learning_rate: f64,
    /// γ of R1, which is weighted by γ/2.
    pub r1_gamma: f64,
    /// The half-life of the averaged generator, in thousands of images.
    pub ema_kimg: f64,
    /// The half-life is at most this share of the images shown so far.
    pub ema_rampup: f64,
}

/// What networks are as wide as from 512 pixels on.
const FULL_CHANNEL_BASE: usize = 32_768;

impl Stylegan2Auto {
    /// For images of `resolution` pixels, in batches of `batch`, or as large as that program makes them.
    ///
    /// ```
    /// use ganymede_models::Stylegan2Auto;
    /// let auto = Stylegan2Auto::new(256, None);
    /// assert_eq!((auto.batch, auto.mbstd_group, auto.channel_base), (16, 4, 16_384));
    /// assert_eq!((auto.learning_rate, auto.r1_gamma, auto.ema_kimg), (0.0025, 0.8192, 5.0));
    /// ```
    pub fn new(resolution: usize, batch: Option<usize>) -> Self {
        let resolution = resolution.max(1);
        let batch = batch.unwrap_or((4096 / resolution).min(32)).max(1);
        Self {
            batch,
            mbstd_group: batch.min(4),
            channel_base: if resolution >= 512 { FULL_CHANNEL_BASE } else { FULL_CHANNEL_BASE / 2 },
            mapping_layers: 2,
            learning_rate: if resolution >= 1024 { 0.002 } else { 0.0025 },
            r1_gamma: 0.0002 * (resolution as f64).powi(2) / batch as f64,
            ema_kimg: batch as f64 * 10.0 / 32.0,
            ema_rampup: 0.05,
        }
    }
}
