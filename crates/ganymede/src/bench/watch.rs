//! What it costs that a run watches itself: steps of presets with a look after them and without.

use anyhow::Result;
use ganymede_datasets::{OpenOptions, open};
use ganymede_tensor::Device;
use ganymede_train::monitor::THOROUGH;
use ganymede_train::{Layers, Run, Stepper};

use super::worker::Work;

/// The preset as a run.
fn configured(preset: &str, batch: usize) -> Result<Run> {
    let mut layers = Layers::preset(preset)?;
    layers.set(&[format!("run.batch={batch}")])?;
    Ok(layers.resolve()?)
}

/// The part of a preset's steps that its looks take, by the seconds of a step, of one with a look, and of one with a thorough
/// look: (look + (thorough − look)/10 − step)/(every · step).
pub(super) fn cost(preset: &str, batch: usize, [step, look, thorough]: [f64; 3]) -> Result<Option<f64>> {
    let Some(monitor) = configured(preset, batch)?.monitor else { return Ok(None) };
    let mean = look + (thorough - look) / THOROUGH as f64;
    Ok(Some((mean - step) / (monitor.every as f64 * step)))
}

/// A run of a preset.
pub(super) struct Watched {
    stepper: Stepper,
}

impl Watched {
    pub(super) fn new(preset: &str, batch: usize) -> Result<Self> {
        let run = configured(preset, batch)?;
        let options = OpenOptions { resolution: run.data.resolution, ..OpenOptions::default() };
        let dataset = open(&run.data.name, &options)?.dataset;
        Ok(Self { stepper: Stepper::watched(&run, dataset, &Device::Cpu)? })
    }
}

impl Work for Watched {
    fn run(&mut self, part: &str) -> Result<()> {
        match part {
            "step" => self.stepper.step()?,
            part => drop(self.stepper.watched_step(part == "thorough")?),
        }
        Ok(())
    }

    fn parameters(&self) -> Option<[usize; 2]> {
        Some(self.stepper.sizes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_in_fifty_steps_and_a_thorough_one_in_five_hundred() {
        let cost = |seconds| cost("ring-r1", 8, seconds).unwrap().unwrap();
        assert!((cost([1.0, 2.0, 2.0]) - 0.02).abs() < 1e-12);
        assert!((cost([1.0, 1.0, 11.0]) - 0.02).abs() < 1e-12);
    }
}
