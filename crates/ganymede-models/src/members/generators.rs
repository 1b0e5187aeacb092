//! A mixture of generators.

use std::cmp::Ordering;

use ganymede_tensor::{DType, Device, Params, Result, Rng, Tensor, bail};
use toml::Table;

use super::{Members, all_params};
use crate::io::{Condition, Io};
use crate::latents::LatentDistribution;
use crate::mode::Mode;
use crate::model::{Generated, Generator, GeneratorInput, Latents};
use crate::spec::{GeneratorSpec, NetworkSpec, Problem, Size, Traits};
use crate::{ModelError, spec};

/// The generator, or a mixture of such.
pub(crate) fn mixed(spec: Box<dyn GeneratorSpec>, members: Members) -> Box<dyn GeneratorSpec> {
    if members.is_one() { spec } else { Box::new(MixtureSpec { spec, members }) }
}

#[derive(Debug)]
struct MixtureSpec {
    spec: Box<dyn GeneratorSpec>,
    members: Members,
}

impl NetworkSpec for MixtureSpec {
    fn check(&self) -> Vec<Problem> {
        [self.members.check(true, self.spec.traits()), self.spec.check()].concat()
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        self.spec.fits(io)
    }

    fn traits(&self) -> Traits {
        Traits { members: self.members.members, ..self.spec.traits() }
    }

    fn size(&self, io: &Io) -> Size {
        self.members.size(self.spec.size(io), 1)
    }

    fn stages(&self, io: &Io) -> usize {
        self.spec.stages(io)
    }

    fn write(&self) -> Table {
        self.members.write(self.spec.write())
    }
}

impl GeneratorSpec for MixtureSpec {
    fn z_dim(&self) -> usize {
        self.spec.z_dim()
    }

    fn build(
        &self,
        io: &Io,
        mut rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Box<dyn Generator>, ModelError> {
        spec::refuse("mixture", self.members.check(true, self.spec.traits()))?;
        let streams = self.members.streams(&mut rng);
        let members = streams.into_iter().map(|rng| self.spec.build(io, rng, dtype, device));
        let members = members.collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(Box::new(Mixture::new(members, &self.members.member_weights)?))
    }
}

/// Several generators, each of which makes some of the samples.
///
/// Which one makes a sample is drawn with the latents, as the first part of [`Latents::noise`] `(N,)` of u32: by weight and
/// independently; in training in blocks whose sizes are as near to the weights as can be, so that every member with batch
/// normalisation has a batch. Latents without noise, which other networks take for constant noise, say it themselves: which one
/// makes the sample of a vector z is a function of z, as good as drawn, so that z gives the same sample every time. (Between two
/// vectors it changes at every step: an interpolation wants noise that says which.)
pub struct Mixture {
    members: Vec<Box<dyn Generator>>,
    /// How often each is asked; they sum to 1.
    shares: Vec<f64>,
    /// Parts of the noise of each.
    noises: Vec<usize>,
    params: Params,
}

impl Mixture {
    /// A mixture of generators for the same data; without weights each is asked as often.
    ///
    /// # Errors
    /// There are none; they are for other data or have other latent vectors; not one weight for each; weights that are
    /// negative or all 0.
    pub fn new(members: Vec<Box<dyn Generator>>, weights: &[f64]) -> Result<Self> {
        let Some(first) = members.first() else { bail!("a mixture of no generators") };
        let same = |g: &dyn Generator| {
            g.io() == first.io()
                && g.z_dim() == first.z_dim()
                && g.latent_distribution() == first.latent_distribution()
        };
        if let Some(other) = members.iter().position(|g| !same(g.as_ref())) {
            bail!("member {other} of a mixture is for other data, or has other latent vectors, than member 0")
        }
        let weights = if weights.is_empty() { vec![1.0; members.len()] } else { weights.to_vec() };
        let sum: f64 = weights.iter().sum();
        if weights.len() != members.len()
            || !weights.iter().all(|w| *w >= 0.0)
            || sum.partial_cmp(&0.0) != Some(Ordering::Greater)
        {
            bail!(
                "a mixture of {} has weights {weights:?}: one of 0 or more for each, not all 0",
                members.len()
            )
        }
        // Of one sample on the CPU: how many parts there are is a property of the network.
        let noises = members.iter().map(|g| Ok(g.noise(1, &mut Rng::new(0), &Device::Cpu)?.len()));
        let noises = noises.collect::<Result<_>>()?;
        let params = all_params(members.iter().map(|g| g.params()))?;
        Ok(Self { shares: weights.iter().map(|w| w / sum).collect(), members, noises, params })
    }

    /// The members.
    pub fn members(&self) -> &[Box<dyn Generator>] {
        &self.members
    }

    /// The member that makes each of a batch.
    ///
    /// # Errors
    /// The latents were drawn for another network.
    pub fn origins(&self, latents: &Latents) -> Result<Vec<u32>> {
        if latents.noise.is_empty() {
            return self.origins_of(&latents.z);
        }
        let parts = 1 + self.noises.iter().sum::<usize>();
        match latents.noise.first() {
            Some(origins) if origins.dtype() == DType::U32 && latents.noise.len() == parts => {
                let origins = origins.to_vec1::<u32>()?;
                match origins.iter().find(|i| **i as usize >= self.members.len()) {
                    None => Ok(origins),
                    Some(i) => bail!("member {i} of a mixture of {}", self.members.len()),
                }
            }
            _ => bail!(
                "a mixture has to be told which member makes a sample: draw latents with `Generator::draw`"
            ),
        }
    }

    /// One member, by its share.
    fn draw_origin(&self, rng: &mut Rng) -> u32 {
        let (u, mut below) = (rng.unit(), 0.0);
        let found = self.shares.iter().position(|share| {
            below += share;
            u < below
        });
        // Rounding may leave the sum a little below 1.
        found.unwrap_or_else(|| self.shares.iter().rposition(|share| *share > 0.0).unwrap_or(0)) as u32
    }

    /// Independent draws.
    fn draw_origins(&self, n: usize, rng: &mut Rng) -> Vec<u32> {
        (0..n).map(|_| self.draw_origin(rng)).collect()
    }

    /// A draw for each vector, whose seed is the vector.
    fn origins_of(&self, z: &Tensor) -> Result<Vec<u32>> {
        let rows = z.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_vec2::<f64>()?;
        let seed = |row: &[f64]| {
            // FNV-1a over whole numbers; the generator of random numbers mixes its seed.
            row.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, x| (h ^ x.to_bits()).wrapping_mul(0x100_0000_01b3))
        };
        Ok(rows.iter().map(|row| self.draw_origin(&mut Rng::new(seed(row)))).collect())
    }

    /// Blocks, the largest remainders first; equal ones in an order that is drawn.
    fn block_origins(&self, n: usize, rng: &mut Rng) -> Vec<u32> {
        let mut counts: Vec<usize> = self.shares.iter().map(|share| (share * n as f64) as usize).collect();
        let order = rng.permutation(self.shares.len());
        let remainder = |i: usize| self.shares[i] * n as f64 - counts[i] as f64;
        let mut by_remainder: Vec<(usize, f64)> = order.iter().map(|&i| (i, remainder(i))).collect();
        by_remainder.sort_by(|a, b| b.1.total_cmp(&a.1));
        let left = n - counts.iter().sum::<usize>();
        by_remainder.iter().cycle().take(left).for_each(|(i, _)| counts[*i] += 1);
        counts.iter().enumerate().flat_map(|(i, count)| std::iter::repeat_n(i as u32, *count)).collect()
    }

    fn noise_by(
        &self,
        origins: Vec<u32>,
        device: &Device,
        mut of: impl FnMut(&dyn Generator) -> Result<Vec<Tensor>>,
    ) -> Result<Vec<Tensor>> {
        let n = origins.len();
        let mut all = vec![Tensor::from_vec(origins, n, device)?];
        for member in &self.members {
            all.extend(of(member.as_ref())?);
        }
        Ok(all)
    }
}

impl Generator for Mixture {
    fn latent_distribution(&self) -> LatentDistribution {
        self.members[0].latent_distribution()
    }

    fn noise(&self, n: usize, rng: &mut Rng, device: &Device) -> Result<Vec<Tensor>> {
        let origins = self.draw_origins(n, rng);
        self.noise_by(origins, device, |member| member.noise(n, rng, device))
    }

    fn noise_for_training(&self, n: usize, rng: &mut Rng, device: &Device) -> Result<Vec<Tensor>> {
        let origins = self.block_origins(n, rng);
        self.noise_by(origins, device, |member| member.noise_for_training(n, rng, device))
    }

    fn origins(&self, latents: &Latents) -> Result<Option<Vec<u32>>> {
        Mixture::origins(self, latents).map(Some)
    }

    fn forward(&self, input: GeneratorInput<'_>, mode: Mode) -> Result<Generated> {
        let GeneratorInput { latents, condition, growth } = input;
        let origins = Mixture::origins(self, latents)?;
        let (mut samples, mut order, mut at) = (Vec::new(), Vec::new(), 1);
        for ((i, member), parts) in self.members.iter().enumerate().zip(&self.noises) {
            let noise = latents.noise.get(at..at + parts).unwrap_or_default();
            at += parts;
            let of_member = origins.iter().enumerate().filter(|(_, origin)| **origin as usize == i);
            let rows: Vec<u32> = of_member.map(|(row, _)| row as u32).collect();
            if rows.is_empty() {
                continue;
            }
            let chosen = Tensor::new(rows.as_slice(), latents.z.device())?;
            let noise = noise.iter().map(|part| part.index_select(&chosen, 0)).collect::<Result<_>>()?;
            let latents = Latents::new(latents.z.index_select(&chosen, 0)?).with_noise(noise);
            let condition = &select(condition, &chosen)?;
            samples
                .push(member.forward(GeneratorInput { latents: &latents, condition, growth }, mode)?.samples);
            order.extend(rows);
        }
        if order.is_empty() {
            return self.members[0].forward(input, mode);
        }
        let samples = Tensor::cat(&samples, 0)?;
        if order.is_sorted() {
            return Ok(Generated::new(samples));
        }
        let mut place = vec![0u32; order.len()];
        order.iter().enumerate().for_each(|(at, row)| place[*row as usize] = at as u32);
        let place = Tensor::new(place.as_slice(), samples.device())?;
        Ok(Generated::new(samples.index_select(&place, 0)?))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn z_dim(&self) -> usize {
        self.members[0].z_dim()
    }

    fn io(&self) -> &Io {
        self.members[0].io()
    }
}

/// Some of a batch.
fn select(condition: &Condition, rows: &Tensor) -> Result<Condition> {
    Ok(match condition {
        Condition::None => Condition::None,
        Condition::Classes(y) => Condition::Classes(y.index_select(rows, 0)?),
        Condition::Vectors(y) => Condition::Vectors(y.index_select(rows, 0)?),
        Condition::Images(y) => Condition::Images(y.index_select(rows, 0)?),
    })
}
