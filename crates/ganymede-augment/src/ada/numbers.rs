//! Where the numbers of a draw come from.

use ganymede_tensor::Rng;

/// A stream of random numbers; in tests the numbers that the authors' program drew.
pub(crate) trait Numbers {
    /// U[0, 1)
    fn unit(&mut self) -> f64;

    /// N(0, 1)
    fn normal(&mut self) -> f64;
}

impl Numbers for Rng {
    fn unit(&mut self) -> f64 {
        Rng::unit(self)
    }

    fn normal(&mut self) -> f64 {
        self.standard_normal()
    }
}
