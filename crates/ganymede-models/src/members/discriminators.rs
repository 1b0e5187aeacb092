//! Several discriminators.

use ganymede_tensor::{DType, Device, Params, Result, Rng, Tensor, bail};
use toml::Table;

use super::{MEMBERS, Members, all_params};
use crate::io::Io;
use crate::mode::Mode;
use crate::model::{Critique, Discriminator, DiscriminatorInput};
use crate::spec::{DiscriminatorSpec, NetworkSpec, Problem, Size, Traits};
use crate::{ModelError, spec};

/// The discriminator, or several such.
pub(crate) fn several(spec: Box<dyn DiscriminatorSpec>, members: Members) -> Box<dyn DiscriminatorSpec> {
    if members.is_one() { spec } else { Box::new(SeveralSpec { spec, members }) }
}

#[derive(Debug)]
struct SeveralSpec {
    spec: Box<dyn DiscriminatorSpec>,
    members: Members,
}

impl NetworkSpec for SeveralSpec {
    fn check(&self) -> Vec<Problem> {
        [self.members.check(false, self.spec.traits()), self.spec.check()].concat()
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        self.spec.fits(io)
    }

    fn traits(&self) -> Traits {
        Traits { members: self.members.members, ..self.spec.traits() }
    }

    fn size(&self, io: &Io) -> Size {
        self.members.size(self.spec.size(io), self.members.members)
    }

    fn stages(&self, io: &Io) -> usize {
        self.spec.stages(io)
    }

    fn write(&self) -> Table {
        self.members.write(self.spec.write())
    }
}

impl DiscriminatorSpec for SeveralSpec {
    fn build(
        &self,
        io: &Io,
        mut rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Box<dyn Discriminator>, ModelError> {
        spec::refuse("several discriminators", self.members.check(false, self.spec.traits()))?;
        let streams = self.members.streams(&mut rng);
        let members = streams.into_iter().map(|rng| self.spec.build(io, rng, dtype, device));
        let members = members.collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(Box::new(Several::new(members)?))
    }
}

/// Several discriminators, all of which judge every sample: their scores `(N, members · P)`, those of a member side by side.
///
/// A loss that takes the mean over a sample's scores is then the mean of the members' losses, and a penalty that
/// differentiates the mean score is that of the mean discriminator. Logits of classes are means; features are listed member by
/// member.
pub struct Several {
    members: Vec<Box<dyn Discriminator>>,
    params: Params,
}

impl Several {
    /// Discriminators of the same data.
    ///
    /// # Errors
    /// There are none, or they are for other data.
    pub fn new(members: Vec<Box<dyn Discriminator>>) -> Result<Self> {
        let Some(first) = members.first() else { bail!("several discriminators that are none") };
        if let Some(other) = members.iter().position(|d| d.io() != first.io()) {
            bail!("discriminator {other} of several is for other data than the first")
        }
        let params = all_params(members.iter().map(|d| d.params()))?;
        Ok(Self { members, params })
    }

    /// The members.
    pub fn members(&self) -> &[Box<dyn Discriminator>] {
        &self.members
    }
}

impl Discriminator for Several {
    fn forward(&self, input: DiscriminatorInput<'_>, mode: Mode) -> Result<Critique> {
        let said = self.members.iter().map(|d| d.forward(input, mode)).collect::<Result<Vec<_>>>()?;
        let columns = |said: &Critique| match said.scores.rank() {
            1 => said.scores.unsqueeze(1),
            _ => Ok(said.scores.clone()),
        };
        let scores = Tensor::cat(&said.iter().map(columns).collect::<Result<Vec<_>>>()?, 1)?;
        let mean = |of: fn(&Critique) -> &Option<Tensor>| {
            let logits: Option<Vec<Tensor>> = said.iter().map(|said| of(said).clone()).collect();
            logits.map(|logits| Tensor::stack(&logits, 0)?.mean(0)).transpose()
        };
        let (class_logits, origin_logits) =
            (mean(|said| &said.class_logits)?, mean(|said| &said.origin_logits)?);
        let features = said.into_iter().flat_map(|said| said.features).collect();
        Ok(Critique { scores, class_logits, origin_logits, features })
    }

    fn freezable(&self, layers: usize) -> Vec<String> {
        let all = self.members.iter().enumerate();
        all.flat_map(|(i, d)| {
            d.freezable(layers).into_iter().map(move |name| format!("{MEMBERS}.{i}.{name}"))
        })
        .collect()
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn io(&self) -> &Io {
        self.members[0].io()
    }
}
