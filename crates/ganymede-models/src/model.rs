//! The two roles of an adversarial game: what goes in, what comes out.

use ganymede_tensor::{Device, Params, Result, Rng, Tensor, bail};

use crate::io::{Condition, Growth, Io};
use crate::latents::LatentDistribution;
use crate::mapping::{Mapping, Mix};
use crate::mode::Mode;

/// All that is drawn at random for a batch of samples. It is drawn before the forward pass, which is then a function
/// of its input: a step can be made over bit for bit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Latents {
    /// Latent vectors `(N, Z)`.
    pub z: Tensor,
    /// What the network draws besides, each `(N, ..)`, in the order in which it is used: see [`Generator::noise`].
    pub noise: Vec<Tensor>,
    /// A second vector for some of the layers, of networks with a [`Mapping`]; others ignore it.
    pub mix: Option<Mix>,
}

impl Latents {
    /// Latent vectors and nothing else.
    pub fn new(z: Tensor) -> Self {
        Self { z, noise: Vec::new(), mix: None }
    }

    /// The same vectors with noise.
    #[must_use]
    pub fn with_noise(self, noise: Vec<Tensor>) -> Self {
        Self { noise, ..self }
    }

    /// The same vectors, mixed with others.
    #[must_use]
    pub fn with_mix(self, mix: Mix) -> Self {
        Self { mix: Some(mix), ..self }
    }

    /// The batch N.
    ///
    /// # Errors
    /// `z` has no axis.
    pub fn count(&self) -> Result<usize> {
        self.z.dim(0)
    }

    /// `n` of the batch, from number `at` on.
    ///
    /// # Errors
    /// There are not so many.
    pub fn narrow(&self, at: usize, n: usize) -> Result<Self> {
        let noise = self.noise.iter().map(|noise| noise.narrow(0, at, n)).collect::<Result<_>>()?;
        let mix = match &self.mix {
            Some(mix) => Some(Mix { z: mix.z.narrow(0, at, n)?, ..*mix }),
            None => None,
        };
        Ok(Self { z: self.z.narrow(0, at, n)?, noise, mix })
    }
}

/// What a generator is given.
#[derive(Clone, Copy, Debug)]
pub struct GeneratorInput<'a> {
    /// What was drawn for it.
    pub latents: &'a Latents,
    /// What the samples are to be.
    pub condition: &'a Condition,
    /// How far it has grown.
    pub growth: Growth,
}

impl<'a> GeneratorInput<'a> {
    /// Latents alone, for a network that is fully grown.
    pub fn new(latents: &'a Latents) -> Self {
        Self { latents, condition: Condition::none(), growth: Growth::FULL }
    }

    /// The same under a condition.
    #[must_use]
    pub fn with_condition(self, condition: &'a Condition) -> Self {
        Self { condition, ..self }
    }

    /// The latent vectors, which have to be `(N, z_dim)`, and N; `who` asks.
    pub(crate) fn z(&self, who: &str, z_dim: usize) -> Result<(&'a Tensor, usize)> {
        let z = &self.latents.z;
        Ok((z, count_of_z(who, z, z_dim)?))
    }
}

/// N of latent vectors, which have to be `(N, z_dim)`; `who` asks.
pub(crate) fn count_of_z(who: &str, z: &Tensor, z_dim: usize) -> Result<usize> {
    match *z.dims() {
        [n, d] if d == z_dim => Ok(n),
        ref dims => bail!("{who}: z is {dims:?}, expected (N, {z_dim})"),
    }
}

/// What a generator gives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Generated {
    /// Samples: images `(N, C, H, W)` in [−1, 1], or about so ([`Traits::unbounded`](crate::Traits)), or points `(N, D)` of any range.
    pub samples: Tensor,
    /// Intermediate latent vectors `(N, L, W)`, where the network has a mapping: a point of the graph that gradients can be
    /// asked in ([`watch`](ganymede_tensor::watch)), unless the network is frozen.
    pub w: Option<Tensor>,
}

impl Generated {
    /// Samples and nothing else.
    pub fn new(samples: Tensor) -> Self {
        Self { samples, w: None }
    }

    /// The same with the intermediate vectors that they were made from.
    #[must_use]
    pub fn with_w(self, w: Tensor) -> Self {
        Self { w: Some(w), ..self }
    }
}

/// What a discriminator is given.
#[derive(Clone, Copy, Debug)]
pub struct DiscriminatorInput<'a> {
    /// Samples `(N, C, H, W)` or `(N, D)`, of growing networks those of the stage ([`Io::at_stage`]).
    pub samples: &'a Tensor,
    /// What they are said to be.
    pub condition: &'a Condition,
    /// How far the players have grown.
    pub growth: Growth,
}

impl<'a> DiscriminatorInput<'a> {
    /// Samples alone, for a network that is fully grown.
    pub fn new(samples: &'a Tensor) -> Self {
        Self { samples, condition: Condition::none(), growth: Growth::FULL }
    }

    /// The same under a condition.
    #[must_use]
    pub fn with_condition(self, condition: &'a Condition) -> Self {
        Self { condition, ..self }
    }

    /// The samples, which have to be images as a network was built for; `who` asks.
    pub(crate) fn images(&self, who: &str, io: &Io) -> Result<&'a Tensor> {
        self.images_of_stage(who, io, 1)
    }

    /// The samples, which have to be images as a network of so many stages takes them as far as it has grown.
    pub(crate) fn images_of_stage(&self, who: &str, io: &Io, stages: usize) -> Result<&'a Tensor> {
        let (x, io) = (self.samples, io.at_stage(self.growth.stage_of(stages), stages));
        if x.rank() != 4 || x.dims()[1..] != io.sample[..] {
            bail!("{who}: x is {:?}, expected (N, ..) of {:?}", x.dims(), io.sample)
        }
        Ok(x)
    }
}

/// What a discriminator says of a batch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Critique {
    /// Raw scores, without a sigmoid: larger means more real. `(N,)`, or `(N, P)` of patches or heads; or the features `(N, K)`
    /// that a loss between distributions compares.
    pub scores: Tensor,
    /// Logits `(N, K)` of the classes, where the network has an auxiliary head.
    pub class_logits: Option<Tensor>,
    /// Logits `(N, M)` of the generators of a mixture, where the network tells these apart.
    pub origin_logits: Option<Tensor>,
    /// Inner feature maps, where the network shows some.
    pub features: Vec<Tensor>,
}

impl Critique {
    /// Scores alone.
    pub fn new(scores: Tensor) -> Self {
        Self { scores, class_logits: None, origin_logits: None, features: Vec::new() }
    }

    /// The same with logits of the classes.
    #[must_use]
    pub fn with_class_logits(self, logits: Tensor) -> Self {
        Self { class_logits: Some(logits), ..self }
    }
}

/// From latent vectors to samples.
pub trait Generator: Send + Sync {
    /// What latent vectors are drawn from: N(0, 1), unless its settings say otherwise.
    fn latent_distribution(&self) -> LatentDistribution {
        LatentDistribution::Normal
    }

    /// Draws what a batch of `n` needs: latent vectors of [`Generator::latent_distribution`], then its noise.
    ///
    /// # Errors
    /// The device refuses the memory.
    fn draw(&self, n: usize, rng: &mut Rng, device: &Device) -> Result<Latents> {
        let z = self.latent_distribution().draw(n, self.z_dim(), rng, device)?;
        Ok(Latents::new(z).with_noise(self.noise(n, rng, device)?))
    }

    /// Draws what a batch of `n` needs besides latent vectors, for [`Latents::noise`]: nothing, unless the network says
    /// otherwise.
    ///
    /// # Errors
    /// The device refuses the memory.
    fn noise(&self, _n: usize, _rng: &mut Rng, _device: &Device) -> Result<Vec<Tensor>> {
        Ok(Vec::new())
    }

    /// Draws what a batch of `n` needs in training: as [`Generator::draw`], with [`Generator::noise_for_training`] in
    /// place of its noise, and of networks with a [`Mapping`], with the probability
    /// [`Mapping::style_mixing`], a second latent vector and the layer that it begins at, uniform from 1 to L − 1.
    ///
    /// # Errors
    /// The device refuses the memory.
    fn draw_for_training(&self, n: usize, rng: &mut Rng, device: &Device) -> Result<Latents> {
        let vectors = |rng: &mut Rng| self.latent_distribution().draw(n, self.z_dim(), rng, device);
        let z = vectors(rng)?;
        let latents = Latents::new(z).with_noise(self.noise_for_training(n, rng, device)?);
        let Some(mapping) = self.mapping() else { return Ok(latents) };
        let (layers, mixing) = (mapping.layers(), mapping.style_mixing());
        if layers < 2 || mixing <= 0.0 || !rng.coin(mixing) {
            return Ok(latents);
        }
        let from = 1 + rng.below(layers - 1);
        Ok(latents.with_mix(Mix { z: vectors(rng)?, from }))
    }

    /// Draws what a batch of `n` needs in training besides latent vectors: [`Generator::noise`], unless the network says
    /// otherwise.
    ///
    /// # Errors
    /// The device refuses the memory.
    fn noise_for_training(&self, n: usize, rng: &mut Rng, device: &Device) -> Result<Vec<Tensor>> {
        self.noise(n, rng, device)
    }

    /// Which member of a mixture makes each sample of such latents; nothing of one that is none.
    ///
    /// # Errors
    /// The latents were drawn for another network.
    fn origins(&self, _latents: &Latents) -> Result<Option<Vec<u32>>> {
        Ok(None)
    }

    /// Its mapping network and what follows it, where it has one.
    fn mapping(&self) -> Option<&dyn Mapping> {
        None
    }

    /// Samples: images in [−1, 1], or points of any range; of growing networks those of the stage ([`Io::at_stage`]).
    /// Nothing is drawn here.
    ///
    /// # Errors
    /// The latents have another shape or dtype than the network; a conditional network lacks its condition; a batch is
    /// too small for its statistics.
    fn forward(&self, input: GeneratorInput<'_>, mode: Mode) -> Result<Generated>;

    /// All parameters and buffers.
    fn params(&self) -> &Params;

    /// The length Z of a latent vector; 0 of networks that need none, whose `z` is `(N, 0)`.
    fn z_dim(&self) -> usize;

    /// What it was built for.
    fn io(&self) -> &Io;
}

/// From samples to scores.
pub trait Discriminator: Send + Sync {
    /// Raw scores, and what else it has to say.
    ///
    /// # Errors
    /// The samples have another shape or dtype than the network; a conditional network lacks its condition; a batch is
    /// too small for its statistics.
    fn forward(&self, input: DiscriminatorInput<'_>, mode: Mode) -> Result<Critique>;

    /// The names of the parameters of the `layers` layers nearest to the image, which Freeze-D (Mo et al., 2020,
    /// arXiv:2002.10964) leaves as they are where a network is trained on with other data; none, unless the network says
    /// which they are.
    fn freezable(&self, _layers: usize) -> Vec<String> {
        Vec::new()
    }

    /// All parameters and buffers.
    fn params(&self) -> &Params;

    /// What it was built for.
    fn io(&self) -> &Io;
}
