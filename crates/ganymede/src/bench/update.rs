//! Updates in place, on our side.

use anyhow::Result;
use ganymede_tensor::{DType, Device, Init, Optimizer, OptimizerConfig, Params, Rng, Tensor, ema_update};

use super::case::UpdateRule;
use super::worker::Work;

pub(super) fn prepare(rule: UpdateRule, lengths: &[usize]) -> Result<Box<dyn Work>> {
    let config = match rule {
        UpdateRule::Adam => {
            OptimizerConfig::Adam { lr: 2e-4, beta1: 0.5, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 }
        }
        UpdateRule::Rmsprop => OptimizerConfig::RmsProp {
            lr: 5e-5,
            alpha: 0.99,
            eps: 1e-8,
            momentum: 0.0,
            centered: false,
            weight_decay: 0.0,
        },
        UpdateRule::Ema => {
            let (target, source) = (weights(lengths, 0)?, weights(lengths, 1)?);
            return Ok(Box::new(Average { target, source }));
        }
    };
    let mut rng = Rng::new(2);
    let draw = |&length: &usize| rng.normal(length, DType::F32, &Device::Cpu);
    let gradients = lengths.iter().map(draw).collect::<Result<_, _>>()?;
    let optimizer = Optimizer::new(config, weights(lengths, 0)?.params())?;
    Ok(Box::new(Descent { optimizer, gradients }))
}

fn weights(lengths: &[usize], seed: u64) -> Result<Params> {
    let params = Params::new();
    let builder = params.builder(Rng::new(seed), DType::F32, &Device::Cpu);
    for (index, &length) in lengths.iter().enumerate() {
        builder.param(&format!("w{index}"), length, Init::Normal { mean: 0.0, std: 0.02 })?;
    }
    Ok(params)
}

struct Descent {
    optimizer: Optimizer,
    gradients: Vec<Tensor>,
}

impl Work for Descent {
    fn run(&mut self, _: &str) -> Result<()> {
        Ok(self.optimizer.step(&self.gradients)?)
    }
}

struct Average {
    target: Params,
    source: Params,
}

impl Work for Average {
    fn run(&mut self, _: &str) -> Result<()> {
        Ok(ema_update(&self.target, &self.source, 0.999)?)
    }
}
