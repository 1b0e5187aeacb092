//! What is done to each image of a batch, drawn before anything is computed.

use std::f64::consts::PI;

use ganymede_tensor::{Result, Rng, Tensor};

use super::colour::Recolour;
use super::corruption;
use super::filter;
use super::geometry::Geometry;
use super::numbers::Numbers;
use super::pipe::{Group, Pipe};
use super::{colour, warp};
use crate::AugmentError;

/// The longest shift by whole pixels, as a share of a side.
const SHIFT_MOST: f64 = 0.125;
/// Deviation of log₂ of either scale.
const SCALE_DEVIATION: f64 = 0.2;
/// Deviation of the shift by fractions of a pixel, as a share of a side.
const SHIFT_DEVIATION: f64 = 0.125;
const BRIGHTNESS_DEVIATION: f64 = 0.2;
/// Deviations of log₂ of contrast, saturation and the gain of a band.
const CONTRAST_DEVIATION: f64 = 0.5;
const SATURATION_DEVIATION: f64 = 1.0;
const BAND_DEVIATION: f64 = 1.0;
const NOISE_DEVIATION: f64 = 0.1;

/// What is done to one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where its pixels go.
    pub geometry: Geometry,
    /// What becomes of its colours.
    pub colour: Recolour,
    /// Gains of the four bands of frequencies, the lowest first, above 0; 1 leaves one as it is. All are divided so that an
    /// image with the spectrum of natural ones keeps its power.
    pub bands: [f64; 4],
    /// Deviation of the noise that is added.
    pub noise: f64,
    /// The middle of a rectangle of half the height and width that becomes 0: x and y as shares of width and height.
    pub cutout: Option<[f64; 2]>,
}

/// The changes of a batch, and the noise that is added to it.
#[derive(Clone, Debug, PartialEq)]
pub struct AdaDraws {
    /// The groups that were drawn.
    pub pipe: Pipe,
    /// One for each image.
    pub changes: Vec<Change>,
    /// N(0, 1) for each value of the batch; empty without [`Group::Noise`].
    pub noise: Vec<f64>,
}

impl Change {
    /// Leaves an image as it is.
    pub const NONE: Self =
        Self { geometry: Geometry::NONE, colour: Recolour::NONE, bands: [1.0; 4], noise: 0.0, cutout: None };
}

impl AdaDraws {
    /// Draws for images of shape `[N, C, H, W]`: each change of the pipe is made to an image with probability `p`, of the two
    /// rotations each with 1 − √(1 − p), so that one of them is made with probability p. Hue and saturation are not drawn for
    /// grey images.
    pub fn draw(pipe: Pipe, p: f64, shape: [usize; 4], rng: &mut Rng) -> Self {
        Self::from_numbers(pipe, p, shape, rng)
    }

    /// The order of the numbers is that of the authors' program.
    pub(super) fn from_numbers(
        pipe: Pipe,
        p: f64,
        [n, c, h, w]: [usize; 4],
        numbers: &mut impl Numbers,
    ) -> Self {
        let mut drawn = Drawn { changes: vec![Change::NONE; n], p, numbers };
        if pipe.has(Group::Blit) {
            drawn.blit([h, w]);
        }
        if pipe.has(Group::Geom) {
            drawn.geom([h, w]);
        }
        if pipe.has(Group::Color) {
            drawn.color(c > 1);
        }
        if pipe.has(Group::Filter) {
            for band in 0..4 {
                drawn.each(p, |r| (BAND_DEVIATION * r.normal()).exp2(), |change, x| change.bands[band] = x);
            }
        }
        let mut noise = Vec::new();
        if pipe.has(Group::Noise) {
            drawn.each(p, |r| r.normal().abs() * NOISE_DEVIATION, |change, x| change.noise = x);
            noise = (0..n * c * h * w).map(|_| drawn.numbers.normal()).collect();
        }
        if pipe.has(Group::Cutout) {
            drawn.cutout();
        }
        Self { pipe, changes: drawn.changes, noise }
    }

    /// The changed images `(N, C, H, W)`, in the order of the groups; a function of both, with gradients of any order in the
    /// images.
    ///
    /// # Errors
    /// The draws were made for images of another shape; [`Group::Color`] without 1 or 3 channels; [`Group::Filter`] of images
    /// that are not larger than [`FILTER_MARGIN`](crate::FILTER_MARGIN).
    pub fn apply(&self, images: &Tensor) -> std::result::Result<Tensor, AugmentError> {
        let (n, c, h, w) = images.dims4()?;
        let wrong = |reason: String| AugmentError::Images { got: vec![n, c, h, w], reason };
        let noisy = self.pipe.has(Group::Noise);
        if n != self.changes.len() || noisy && self.noise.len() != n * c * h * w {
            let drawn = self.changes.len();
            return Err(wrong(format!("changes were drawn for {drawn} images of one shape; draw anew")));
        }
        let mut x = images.clone();
        if self.changes.iter().any(|change| change.geometry != Geometry::NONE) {
            let inverses: Vec<_> = self.changes.iter().map(|change| change.geometry.inverse()).collect();
            x = warp::warp(&x, &inverses)?;
        }
        if self.changes.iter().any(|change| change.colour != Recolour::NONE) {
            let matrices: Vec<_> = self.changes.iter().map(|change| change.colour.matrix()).collect();
            x = colour::recolour(&x, &matrices)?;
        }
        if self.pipe.has(Group::Filter) {
            let bands: Vec<_> = self.changes.iter().map(|change| change.bands).collect();
            x = filter::filter(&x, &bands)?;
        }
        if noisy {
            x = self.add_noise(&x)?;
        }
        if self.changes.iter().any(|change| change.cutout.is_some()) {
            let middles: Vec<_> = self.changes.iter().map(|change| change.cutout).collect();
            x = corruption::cut_out(&x, &middles)?;
        }
        Ok(x)
    }

    fn add_noise(&self, x: &Tensor) -> Result<Tensor> {
        let deviations: Vec<f64> = self.changes.iter().map(|change| change.noise).collect();
        corruption::add_noise(x, &self.noise, &deviations)
    }
}

/// Changes that are being drawn.
struct Drawn<'a, N> {
    changes: Vec<Change>,
    p: f64,
    numbers: &'a mut N,
}

impl<N: Numbers> Drawn<'_, N> {
    /// A value for each image, then for each whether it is made, with probability `p`.
    fn each<T>(&mut self, p: f64, draw: impl Fn(&mut N) -> T, set: impl Fn(&mut Change, T)) {
        let values: Vec<T> = self.changes.iter().map(|_| draw(self.numbers)).collect();
        for (change, value) in self.changes.iter_mut().zip(values) {
            if self.numbers.unit() < p {
                set(change, value);
            }
        }
    }

    fn blit(&mut self, [h, w]: [usize; 2]) {
        let p = self.p;
        self.each(p, |r| r.unit() >= 0.5, |change, x| change.geometry.mirror = x);
        self.each(p, |r| (4.0 * r.unit()) as u8, |change, x| change.geometry.quarter_turns = x);
        let most = |side: usize, unit: f64| ((2.0 * unit - 1.0) * SHIFT_MOST * side as f64).round_ties_even();
        self.each(p, |r| [most(w, r.unit()), most(h, r.unit())], |change, x| change.geometry.shift = x);
    }

    fn geom(&mut self, [h, w]: [usize; 2]) {
        let p = self.p;
        let p_rotation = 1.0 - (1.0 - p).clamp(0.0, 1.0).sqrt();
        let scale = |r: &mut N| (SCALE_DEVIATION * r.normal()).exp2();
        let angle = |r: &mut N| (2.0 * r.unit() - 1.0) * PI;
        self.each(p, scale, |change, x| change.geometry.scale = x);
        self.each(p_rotation, angle, |change, x| change.geometry.rotation_before = x);
        self.each(p, scale, |change, x| change.geometry.stretch = x);
        self.each(p_rotation, angle, |change, x| change.geometry.rotation_after = x);
        let shift = |r: &mut N| [w, h].map(|side| SHIFT_DEVIATION * r.normal() * side as f64);
        self.each(p, shift, |change, x| change.geometry.fine_shift = x);
    }

    fn color(&mut self, has_hue: bool) {
        let p = self.p;
        self.each(p, |r| BRIGHTNESS_DEVIATION * r.normal(), |change, x| change.colour.brightness = x);
        let contrast = |r: &mut N| (CONTRAST_DEVIATION * r.normal()).exp2();
        self.each(p, contrast, |change, x| change.colour.contrast = x);
        self.each(p, |r| r.unit() >= 0.5, |change, x| change.colour.luma_flip = x);
        if has_hue {
            self.each(p, |r| (2.0 * r.unit() - 1.0) * PI, |change, x| change.colour.hue = x);
            let saturation = |r: &mut N| (SATURATION_DEVIATION * r.normal()).exp2();
            self.each(p, saturation, |change, x| change.colour.saturation = x);
        }
    }

    fn cutout(&mut self) {
        let made: Vec<bool> = self.changes.iter().map(|_| self.numbers.unit() < self.p).collect();
        for (change, made) in self.changes.iter_mut().zip(made) {
            let middle = [self.numbers.unit(), self.numbers.unit()];
            change.cutout = made.then_some(middle);
        }
    }
}
