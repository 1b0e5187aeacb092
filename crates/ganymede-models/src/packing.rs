//! PacGAN (Lin et al., 2018, arXiv:1712.04086): a discriminator that judges several samples at once, all real or all
//! generated, joined along the channels. A generator that has collapsed is found out by packs of equal samples.
//!
//! Any discriminator can be packed, for it is only built for wider samples. Whoever shows it samples packs them first
//! ([`pack_samples`]), so that penalties, which see what the discriminator sees, are those of packs, as in the paper.

use ganymede_tensor::{DType, Device, Result, Rng, Tensor, bail};
use toml::{Table, Value};

use crate::io::Io;
use crate::spec::{DiscriminatorSpec, Fault, NetworkSpec, Problem, Size, Traits, sizes};
use crate::{Discriminator, ModelError};

/// The setting of every discriminator.
pub(crate) const PACK: &str = "pack";
/// The paper goes to 4.
const MOST_PACK: usize = 64;

/// Samples `(N, C, ..)` to packs `(N/m, m·C, ..)` of m neighbours each.
///
/// # Errors
/// `pack` does not divide N, or samples have no axis.
pub fn pack_samples(samples: &Tensor, pack: usize) -> Result<Tensor> {
    let mut dims = samples.dims().to_vec();
    if dims.len() < 2 || pack == 0 || !dims[0].is_multiple_of(pack) {
        bail!("{dims:?} cannot be packed by {pack}: the batch has to be a multiple of it")
    }
    dims[0] /= pack;
    dims[1] *= pack;
    samples.contiguous()?.reshape(dims)
}

/// The settings without the size of a pack, and that size.
pub(crate) fn split(settings: &Table) -> std::result::Result<(Table, usize), Fault> {
    let mut settings = settings.clone();
    let pack = match settings.remove(PACK) {
        None => 1,
        Some(Value::Integer(n)) if n >= 0 => usize::try_from(n).unwrap_or(usize::MAX),
        Some(other) => {
            let message = format!("found {other}, expected a whole number of 1 or more, at most {MOST_PACK}");
            return Err(Fault { path: vec![PACK.to_owned()], message });
        }
    };
    Ok((settings, pack))
}

/// The discriminator for packs of such a size.
pub(crate) fn packed(spec: Box<dyn DiscriminatorSpec>, pack: usize) -> Box<dyn DiscriminatorSpec> {
    if pack == 1 { spec } else { Box::new(Packed { spec, pack }) }
}

#[derive(Debug)]
struct Packed {
    spec: Box<dyn DiscriminatorSpec>,
    pack: usize,
}

impl Packed {
    /// Of packs nothing is known besides.
    fn io(&self, io: &Io) -> Io {
        let mut sample = io.sample.clone();
        if let Some(channels) = sample.first_mut() {
            *channels = channels.saturating_mul(self.pack);
        }
        Io::new(sample)
    }
}

impl NetworkSpec for Packed {
    fn check(&self) -> Vec<Problem> {
        let mut problems = sizes(&[(PACK, self.pack, MOST_PACK)]);
        let Traits { conditional, classifies, .. } = self.spec.traits();
        if conditional || classifies {
            let fix = "pack = 1, or no conditioning: the samples of a pack are of several classes";
            problems.push(Problem::new(PACK, self.pack, fix));
        }
        problems.extend(self.spec.check());
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        self.spec.fits(&self.io(io))
    }

    fn traits(&self) -> Traits {
        Traits { pack: self.pack, ..self.spec.traits() }
    }

    fn size(&self, io: &Io) -> Size {
        self.spec.size(&self.io(io))
    }

    fn stages(&self, io: &Io) -> usize {
        self.spec.stages(&self.io(io))
    }

    fn write(&self) -> Table {
        let mut table = self.spec.write();
        table.insert(PACK.to_owned(), Value::Integer(i64::try_from(self.pack).unwrap_or(i64::MAX)));
        table
    }
}

impl DiscriminatorSpec for Packed {
    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Box<dyn Discriminator>, ModelError> {
        self.spec.build(&self.io(io), rng, dtype, device)
    }
}

#[cfg(test)]
mod tests;
