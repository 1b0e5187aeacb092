//! A classifier of which generator of a mixture made a sample (MGAN: Hoang et al., 2018, arXiv:1708.02556, section 3), beside the
//! score: it shares all layers but the last with the discriminator.
//!
//! Any discriminator whose last layer may give several numbers (`scores`) can have it: that layer gives one more for each
//! generator. With spectral normalisation it is one matrix, whose norm is held for the score and the classifier together.

use ganymede_tensor::{DType, Device, Params, Result, Rng, Tensor, bail};
use toml::{Table, Value};

use crate::io::Io;
use crate::mode::Mode;
use crate::model::{Critique, Discriminator, DiscriminatorInput};
use crate::scores::{self, SCORES};
use crate::spec::{DiscriminatorSpec, Fault, NetworkSpec, Problem, Size, Traits, sizes};
use crate::{ModelError, spec};

/// The setting of discriminators.
pub(crate) const ORIGINS: &str = "origins";
/// As many as a mixture has generators, at most.
const MOST_ORIGINS: usize = 64;

/// The settings of the network behind, and how many generators it tells apart: none where that is not asked.
pub(crate) fn split(settings: &Table) -> std::result::Result<(Table, Option<usize>), Fault> {
    let mut settings = settings.clone();
    let origins = match settings.remove(ORIGINS) {
        None => return Ok((settings, None)),
        Some(Value::Integer(n)) if n >= 0 => usize::try_from(n).unwrap_or(usize::MAX),
        Some(other) => {
            let found = other.as_float().map_or_else(|| other.to_string(), |x| format!("{x:e}"));
            let message =
                format!("found {found}, expected a whole number of 1 or more, at most {MOST_ORIGINS}");
            return Err(Fault { path: vec![ORIGINS.to_owned()], message });
        }
    };
    let own = match settings.get(SCORES) {
        None => Some(1),
        Some(Value::Integer(n)) => usize::try_from(*n).ok(),
        // The network itself refuses it.
        Some(_) => None,
    };
    if let Some(own) = own {
        set(&mut settings, SCORES, own.saturating_add(origins.min(MOST_ORIGINS)));
    }
    Ok((settings, Some(origins)))
}

/// What the network behind says of `scores`, which nobody typed, as one says it of `origins`.
pub(crate) fn fault(fault: Fault, typed: &Table) -> Fault {
    let is_ours = fault.path == [SCORES] && !typed.contains_key(SCORES) && typed.contains_key(ORIGINS);
    let path = if is_ours { vec![ORIGINS.to_owned()] } else { fault.path };
    Fault { path, message: fault.message.replace(&format!("`{SCORES}`"), &format!("`{ORIGINS}`")) }
}

/// The settings that were read off weights whose last layer says of `origins`, as they are typed.
pub(crate) fn without(mut settings: Table, origins: Option<usize>) -> Table {
    if let (Some(origins), Some(Value::Integer(all))) = (origins, settings.get(SCORES).cloned()) {
        let own = usize::try_from(all).unwrap_or(1).saturating_sub(origins);
        settings.remove(SCORES);
        if !scores::is_usual(&own) {
            set(&mut settings, SCORES, own);
        }
        set(&mut settings, ORIGINS, origins);
    }
    settings
}

fn set(table: &mut Table, key: &str, n: usize) {
    table.insert(key.to_owned(), Value::Integer(i64::try_from(n).unwrap_or(i64::MAX)));
}

/// The discriminator, with a classifier if it is to have one.
pub(crate) fn classified(
    spec: Box<dyn DiscriminatorSpec>,
    origins: Option<usize>,
) -> Box<dyn DiscriminatorSpec> {
    match origins {
        None => spec,
        Some(origins) => Box::new(OriginsSpec { spec, origins }),
    }
}

#[derive(Debug)]
struct OriginsSpec {
    /// Of a network that gives a number more for each origin.
    spec: Box<dyn DiscriminatorSpec>,
    origins: usize,
}

impl OriginsSpec {
    fn own_check(&self) -> Vec<Problem> {
        sizes(&[(ORIGINS, self.origins, MOST_ORIGINS)])
    }
}

impl NetworkSpec for OriginsSpec {
    fn check(&self) -> Vec<Problem> {
        let mut problems = self.own_check();
        let is_one = self.traits().scores == 1;
        // With one score of its own the number that is wrong there is the one here.
        problems.extend(self.spec.check().into_iter().map(|problem| match problem.field {
            SCORES if is_one => Problem::new(
                ORIGINS,
                self.origins,
                "none with conditioning = \"projection\", which is a part of one score",
            ),
            _ => problem,
        }));
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        self.spec.fits(io)
    }

    fn traits(&self) -> Traits {
        let traits = self.spec.traits();
        Traits { scores: traits.scores.saturating_sub(self.origins), origins: self.origins, ..traits }
    }

    fn size(&self, io: &Io) -> Size {
        self.spec.size(io)
    }

    fn stages(&self, io: &Io) -> usize {
        self.spec.stages(io)
    }

    fn write(&self) -> Table {
        without(self.spec.write(), Some(self.origins))
    }
}

impl DiscriminatorSpec for OriginsSpec {
    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Box<dyn Discriminator>, ModelError> {
        spec::refuse(ORIGINS, self.own_check())?;
        let net = self.spec.build(io, rng, dtype, device)?;
        Ok(Box::new(Classified { net, scores: self.traits().scores, origins: self.origins }))
    }
}

struct Classified {
    net: Box<dyn Discriminator>,
    scores: usize,
    origins: usize,
}

impl Discriminator for Classified {
    fn forward(&self, input: DiscriminatorInput<'_>, mode: Mode) -> Result<Critique> {
        let said = self.net.forward(input, mode)?;
        match *said.scores.dims() {
            [_, all] if all == self.scores + self.origins => {}
            ref dims => bail!("{ORIGINS}: scores are {dims:?}, not (N, {})", self.scores + self.origins),
        }
        let scores = scores::shaped(&said.scores.narrow(1, 0, self.scores)?, self.scores)?;
        let origin_logits: Tensor = said.scores.narrow(1, self.scores, self.origins)?;
        Ok(Critique { scores, origin_logits: Some(origin_logits), ..said })
    }

    fn freezable(&self, layers: usize) -> Vec<String> {
        self.net.freezable(layers)
    }

    fn params(&self) -> &Params {
        self.net.params()
    }

    fn io(&self) -> &Io {
        self.net.io()
    }
}

#[cfg(test)]
mod tests;
