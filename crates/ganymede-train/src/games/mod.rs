//! Games with known answers, played by the trainer's own schemes, rules, losses and penalties in double precision.
//!
//! Both players have one weight. The generator puts all of its mass at θ, the data are at 0, and the discriminator's score is
//! ψ x: the Dirac-GAN (Mescheder et al., 2018, arXiv:1801.04406, definition 2.1), and with the Wasserstein loss, which is
//! linear in ψθ, the bilinear game. How fast such a game comes to its equilibrium (0, 0), or leaves it, is known in closed
//! form, so that a scheme can be held to it.

pub mod lines;
mod nets;
mod rates;

use std::sync::Arc;

use ganymede_datasets::{Dataset, DatasetError};
use ganymede_models::{DiscriminatorConfig, GeneratorConfig};
use ganymede_tensor::{DType, Device, Tensor};
use toml::Table;

use crate::config::Layers;
use crate::error::TrainError;
use crate::trainer::Game;

pub use rates::{Case, Rates, TABLE, measured};

/// The weights of both players, θ and ψ.
pub type Point = [f64; 2];

/// The points that a game passes through from `start` on: so many steps, and the start itself.
///
/// The settings are those of a run file, of which `[scheme]`, `[loss]`, `[[penalty]]`, `[[term]]`, `[augment]` and `[optimizer]`
/// are used.
///
/// # Errors
/// The settings are refused, or a step fails.
pub fn play(settings: &str, start: Point, steps: usize) -> Result<Vec<Point>, TrainError> {
    let mut run = Layers::text(&format!("data.name = \"ring\"\n{settings}"), "a game", None)?.resolve()?;
    run.generator = GeneratorConfig::read(&nets::GENERATOR, &Table::new()).expect("it has no settings");
    run.discriminator =
        DiscriminatorConfig::read(&nets::DISCRIMINATOR, &Table::new()).expect("it has no settings");
    run.ema = None;
    let mut game = Game::in_dtype(&run, Arc::new(Origin), DType::F64, &Device::Cpu)?;
    for (params, value) in game.params().iter().zip(start) {
        params.restore(&[Tensor::new(&[value], &Device::Cpu)?])?;
    }
    let point = |game: &Game| -> Result<Point, TrainError> {
        let [theta, psi] = game.params().map(|params| params.params()[0].get().get(0)?.to_scalar::<f64>());
        Ok([theta?, psi?])
    };
    let mut path = vec![point(&game)?];
    for _ in 0..steps {
        game.play(false)?;
        path.push(point(&game)?);
    }
    Ok(path)
}

/// √(θ² + ψ²)
pub fn radius([theta, psi]: Point) -> f64 {
    theta.hypot(psi)
}

/// Data that are all at 0.
struct Origin;

impl Dataset for Origin {
    fn name(&self) -> &str {
        "the origin"
    }

    fn len(&self) -> usize {
        1 << 16
    }

    fn shape(&self) -> &[usize] {
        &[1]
    }

    fn class_names(&self) -> &[String] {
        &[]
    }

    fn label(&self, _: usize) -> Option<u32> {
        None
    }

    fn read(&self, _: usize, out: &mut [f32]) -> Result<(), DatasetError> {
        out.fill(0.0);
        Ok(())
    }

    fn content_hash(&self) -> String {
        "0".to_owned()
    }
}

#[cfg(test)]
mod tests;
