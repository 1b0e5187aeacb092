//! Gradient normalisation of a discriminator: D̂(x) = f / (‖∇f‖ + |f|), f the score of any network at x, so that |D̂| < 1 and D̂ is
//! 1-Lipschitz where f is piecewise linear (GNGAN: Wu et al., 2021, arXiv:2109.02235, equation 8).
//!
//! Any discriminator may have it. Each pass differentiates f in the sample, so that a step differentiates a gradient, as with a
//! penalty. Of several scores a sample f is the mean. Logits of classes are those of the network.
//!
//! # Differs from reference implementations
//! basiclab/GNGAN-PyTorch is the same, f/(‖∇f‖ + |f|). A sample where both are 0 has score 0 here, by 10⁻¹² beside the norm.

use ganymede_tensor::{DType, Device, Graph, Params, Result, Rng, grad, watch};
use toml::{Table, Value};

use crate::ModelError;
use crate::io::Io;
use crate::mode::Mode;
use crate::model::{Critique, Discriminator, DiscriminatorInput};
use crate::spec::{DiscriminatorSpec, Fault, NetworkSpec, Problem, Size, Traits};

/// The setting of every discriminator.
pub(crate) const NORMALISED: &str = "gradient_normalised";
/// Under the root of the norm.
const NORM_EPS: f64 = 1e-24;

/// The settings without the switch, and the switch.
pub(crate) fn split(settings: &Table) -> std::result::Result<(Table, bool), Fault> {
    let mut settings = settings.clone();
    match settings.remove(NORMALISED) {
        None => Ok((settings, false)),
        Some(Value::Boolean(on)) => Ok((settings, on)),
        Some(other) => {
            let message = format!("found {other}, expected true or false");
            Err(Fault { path: vec![NORMALISED.to_owned()], message })
        }
    }
}

/// The discriminator, normalised if it is to be.
pub(crate) fn normalised(spec: Box<dyn DiscriminatorSpec>, on: bool) -> Box<dyn DiscriminatorSpec> {
    if on { Box::new(NormalisedSpec(spec)) } else { spec }
}

#[derive(Debug)]
struct NormalisedSpec(Box<dyn DiscriminatorSpec>);

impl NetworkSpec for NormalisedSpec {
    fn check(&self) -> Vec<Problem> {
        let mut problems = self.0.check();
        let Traits { mixes_batch, sees_batch, scores, .. } = self.0.traits();
        if mixes_batch || sees_batch {
            let fix = "false, or a network that judges each sample by itself: the gradient is that of one sample's score";
            problems.push(Problem::new(NORMALISED, true, fix));
        }
        if scores > 1 {
            let fix = "false, or scores = 1: one score is divided by its gradient";
            problems.push(Problem::new(NORMALISED, true, fix));
        }
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        self.0.fits(io)
    }

    fn traits(&self) -> Traits {
        self.0.traits()
    }

    fn size(&self, io: &Io) -> Size {
        self.0.size(io)
    }

    fn stages(&self, io: &Io) -> usize {
        self.0.stages(io)
    }

    fn write(&self) -> Table {
        let mut table = self.0.write();
        table.insert(NORMALISED.to_owned(), Value::Boolean(true));
        table
    }
}

impl DiscriminatorSpec for NormalisedSpec {
    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Box<dyn Discriminator>, ModelError> {
        Ok(Box::new(Normalised(self.0.build(io, rng, dtype, device)?)))
    }
}

struct Normalised(Box<dyn Discriminator>);

impl Discriminator for Normalised {
    fn forward(&self, input: DiscriminatorInput<'_>, mode: Mode) -> Result<Critique> {
        let samples = &watch(input.samples)?;
        let said = self.0.forward(DiscriminatorInput { samples, ..input }, mode)?;
        let f = if said.scores.rank() == 2 { said.scores.mean(1)? } else { said.scores.clone() };
        let slope = grad(&f, &[samples], Graph::Create)?.remove(0);
        let norm = (slope.sqr()?.flatten_from(1)?.sum(1)? + NORM_EPS)?.sqrt()?;
        Ok(Critique { scores: (&f / (norm + f.abs()?)?)?, ..said })
    }

    fn freezable(&self, layers: usize) -> Vec<String> {
        self.0.freezable(layers)
    }

    fn params(&self) -> &Params {
        self.0.params()
    }

    fn io(&self) -> &Io {
        self.0.io()
    }
}

#[cfg(test)]
mod tests;
