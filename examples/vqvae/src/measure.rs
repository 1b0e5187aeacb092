//! How sharp images are.

use ganymede_tensor::{Result, Tensor, bail};

/// Two numbers that blur makes smaller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sharpness {
    /// The mean length of the gradient between neighbouring pixels.
    pub(crate) gradient: f64,
    /// The variance of the Laplacian.
    pub(crate) laplacian: f64,
}

impl Sharpness {
    /// Of images `(N, 1, H, W)`.
    pub(crate) fn of(images: &Tensor) -> Result<Self> {
        let (_, _, h, w) = images.dims4()?;
        if h < 3 || w < 3 {
            bail!("images of {h}×{w} pixels have no Laplacian")
        }
        let at = |y: usize, x: usize| images.narrow(2, y, h - 2)?.narrow(3, x, w - 2);
        let centre = at(1, 1)?;
        let (right, below) = ((at(1, 2)? - &centre)?, (at(2, 1)? - &centre)?);
        let gradient = (right.sqr()? + below.sqr()?)?.sqrt()?.mean_all()?;
        let around = ((at(0, 1)? + at(2, 1)?)? + (at(1, 0)? + at(1, 2)?)?)?;
        let laplacian = (around - (centre * 4.0)?)?;
        let variance = laplacian.broadcast_sub(&laplacian.mean_all()?)?.sqr()?.mean_all()?;
        let number = |t: Tensor| Ok::<_, ganymede_tensor::Error>(f64::from(t.to_scalar::<f32>()?));
        Ok(Self { gradient: number(gradient)?, laplacian: number(variance)? })
    }

    /// As a part of another.
    pub(crate) fn over(self, other: Self) -> Self {
        Self { gradient: self.gradient / other.gradient, laplacian: self.laplacian / other.laplacian }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ganymede_tensor::Device;

    #[test]
    fn a_ramp_has_a_gradient_and_no_laplacian() {
        let image: Vec<f32> = (0..25).map(|i| 0.5 * (i % 5) as f32).collect();
        let image = Tensor::from_vec(image, (1, 1, 5, 5), &Device::Cpu).unwrap();
        assert_eq!(Sharpness::of(&image).unwrap(), Sharpness { gradient: 0.5, laplacian: 0.0 });
        let half = Sharpness::of(&(&image * 0.5).unwrap()).unwrap();
        assert_eq!(half.over(Sharpness { gradient: 0.5, laplacian: 1.0 }).gradient, 0.5);
        assert!(Sharpness::of(&image.narrow(2, 0, 2).unwrap()).is_err());
    }
}
