//! How steep the discriminator is between real and generated samples.

use ganymede_models::{Condition, DiscriminatorInput};
use ganymede_tensor::{DType, Device, Graph, Result, Rng, Tensor, grad, watch};

use crate::trainer::players::Players;
use crate::trainer::view::{Batch, LOOK};

/// The discriminator's slope, a mean over pairs of a real and a generated sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slope {
    /// ‖∇D‖ at a point drawn between both (as the penalty of Gulrajani et al., 2017, arXiv:1704.00028, section 4, looks at).
    pub(super) between: f64,
    /// |D(x) − D(y)|/‖x − y‖: the least slope that there is somewhere between both.
    pub(super) secant: f64,
}

/// Of samples that come in pairs, packed; nothing is augmented, and both are said to be what the real one is.
pub(super) fn slope(players: &Players, real: &Batch, made: &Tensor, rng: &mut Rng) -> Result<Slope> {
    let said = |samples: &Tensor| said(players, samples, &real.condition);
    let x = real.samples.detach();
    let y = made.detach();
    let n = x.dim(0)?;
    let shape: Vec<usize> = std::iter::once(n).chain(std::iter::repeat_n(1, x.rank() - 1)).collect();
    let share = rng.uniform(0.0, 1.0, shape, DType::F32, &Device::Cpu)?;
    let share = share.to_device(x.device())?.to_dtype(x.dtype())?;
    let away = (&y - &x)?;
    let between = watch(&(&x + away.broadcast_mul(&share)?)?)?;
    let gradient = grad(&said(&between)?.sum_all()?, &[&between], Graph::Discard)?.remove(0);
    let far = lengths(&away)?;
    let fall = (said(&x)? - said(&y)?)?
        .detach()
        .abs()?
        .to_device(&Device::Cpu)?
        .to_dtype(DType::F64)?
        .to_vec1::<f64>()?;
    let secants: Vec<f64> =
        fall.iter().zip(&far).filter(|(_, far)| **far > 0.0).map(|(fall, far)| fall / far).collect();
    Ok(Slope { between: mean(&lengths(&gradient)?), secant: mean(&secants) })
}

/// One score of each, the mean over patches and heads.
fn said(players: &Players, samples: &Tensor, condition: &Condition) -> Result<Tensor> {
    let input = DiscriminatorInput { samples, condition, growth: players.growth };
    let scores = players.discriminator.net.forward(input, LOOK)?.scores;
    if scores.rank() > 1 { scores.flatten_from(1)?.mean(1) } else { Ok(scores) }
}

fn lengths(rows: &Tensor) -> Result<Vec<f64>> {
    let flat = rows.flatten_from(1)?.detach().to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
    flat.sqr()?.sum(1)?.sqrt()?.to_vec1::<f64>()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trainer::testing::ring_game;

    /// Where all units pass on what they get, a discriminator of one layer of them is W₂(W₀x + b), as steep everywhere.
    #[test]
    fn a_straight_discriminator_is_as_steep_everywhere() {
        let game = ring_game("discriminator.layers = 1");
        let params = game.params()[1].params();
        let named = |name: &str| params.iter().find(|param| param.name() == name).unwrap();
        let bias = named("main.0.bias");
        bias.set(&(bias.get().detach().ones_like().unwrap() * 1000.0).unwrap()).unwrap();
        let weight = |name: &str| named(name).get().detach();
        let slope_of =
            weight("main.2.weight").matmul(&weight("main.0.weight")).unwrap().to_vec2::<f64>().unwrap();
        let w = &slope_of[0];
        let points = |seed: u64| Rng::new(seed).normal((40, 2), DType::F64, &Device::Cpu).unwrap();
        let (x, y) = (points(1), points(2));
        let real = Batch { samples: x.clone(), condition: Condition::None };
        let slope = slope(&game.players, &real, &y, &mut Rng::new(3)).unwrap();
        let want = w[0].hypot(w[1]);
        assert!((slope.between - want).abs() < 1e-9 * want, "{slope:?}, {want}");
        let away = (y - x).unwrap().to_vec2::<f64>().unwrap();
        let secants = away.iter().map(|d| (w[0] * d[0] + w[1] * d[1]).abs() / d[0].hypot(d[1]));
        let want = secants.sum::<f64>() / 40.0;
        assert!((slope.secant - want).abs() < 1e-6 * want, "{slope:?}, {want}");
        // Equal ones have no distance.
        let real = Batch { samples: points(2), condition: Condition::None };
        assert!(super::slope(&game.players, &real, &points(2), &mut Rng::new(3)).unwrap().secant.is_nan());
    }
}
