//! The sliced Wasserstein distance of raw values: a cheap, honest "is it getting closer" until features are
//! at hand.

use ganymede_tensor::{DType, Device, Result, Rng, Tensor};

/// Sorted projections of a fixed set of real samples onto fixed random directions.
///
/// SW₁(P, Q) = E over directions θ of W₁(θᵀP, θᵀQ), where W₁ between as many points on a line is the mean
/// distance of their order statistics. Directions are uniform on the unit sphere, so the distance is in
/// units of a pixel's value spread over √dimension.
///
/// # References
/// Rabin, Peyré, Delon and Bernot, 2011, "Wasserstein barycenter and its application to texture mixing",
/// section 2.
#[derive(Debug)]
pub(crate) struct SlicedWasserstein {
    /// `(D, K)`, columns of length 1.
    directions: Tensor,
    /// K sorted rows of N.
    real: Vec<Vec<f32>>,
}

impl SlicedWasserstein {
    /// Projects `real` `(N, ..)` onto `count` directions drawn from `rng`.
    pub(crate) fn new(real: &Tensor, count: usize, rng: &mut Rng, device: &Device) -> Result<Self> {
        let dim = real.flatten_from(1)?.dim(1)?;
        let raw = rng.normal((dim, count), DType::F32, device)?;
        let length = raw.sqr()?.sum_keepdim(0)?.sqrt()?;
        let directions = raw.broadcast_div(&length)?;
        let real = project(real, &directions)?;
        Ok(Self { directions, real })
    }

    /// The distance between the real samples and as many `samples`.
    pub(crate) fn distance(&self, samples: &Tensor) -> Result<f64> {
        let other = project(samples, &self.directions)?;
        let line = |(a, b): (&Vec<f32>, &Vec<f32>)| {
            let apart = a.iter().zip(b).map(|(x, y)| (f64::from(*x) - f64::from(*y)).abs());
            apart.sum::<f64>() / a.len() as f64
        };
        let lines = self.real.iter().zip(&other).map(line);
        Ok(lines.sum::<f64>() / self.real.len() as f64)
    }

    /// How many directions there are.
    pub(crate) fn directions(&self) -> usize {
        self.real.len()
    }
}

fn project(samples: &Tensor, directions: &Tensor) -> Result<Vec<Vec<f32>>> {
    let rows = samples.flatten_from(1)?.to_dtype(DType::F32)?.to_device(directions.device())?;
    let mut lines = rows.matmul(directions)?.t()?.contiguous()?.to_vec2::<f32>()?;
    lines.iter_mut().for_each(|line| line.sort_by(f32::total_cmp));
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(got: f64, want: f64, tolerance: f64) {
        assert!((got - want).abs() <= tolerance, "got {got}, want {want} ± {tolerance}");
    }

    #[test]
    fn is_zero_for_equal_sets_in_any_order_and_a_shift_for_shifted_ones() {
        let cpu = Device::Cpu;
        let real = Rng::new(1).normal((200, 1), DType::F32, &cpu).unwrap();
        let sliced = SlicedWasserstein::new(&real, 4, &mut Rng::new(2), &cpu).unwrap();
        let order: Vec<u32> = (0..200).rev().collect();
        let turned = real.index_select(&Tensor::new(order, &cpu).unwrap(), 0).unwrap();
        assert_near(sliced.distance(&turned).unwrap(), 0.0, 1e-7);
        // In one dimension every direction is ±1, and moving all points by c costs c.
        let moved = (&real + 0.75).unwrap();
        assert_near(sliced.distance(&moved).unwrap(), 0.75, 1e-6);
    }

    #[test]
    fn a_shift_in_the_plane_costs_its_mean_projection() {
        let cpu = Device::Cpu;
        let real = Rng::new(3).normal((400, 2), DType::F32, &cpu).unwrap();
        let sliced = SlicedWasserstein::new(&real, 2000, &mut Rng::new(4), &cpu).unwrap();
        let shift = Tensor::new(&[[3f32, 4.0]], &cpu).unwrap();
        let moved = real.broadcast_add(&shift).unwrap();
        // E|cos| over the circle is 2/π; the shift is 5 long.
        let want = 5.0 * 2.0 / std::f64::consts::PI;
        assert_near(sliced.distance(&moved).unwrap(), want, 0.1);
    }
}
