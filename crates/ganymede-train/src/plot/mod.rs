//! Curves and scatter plots as PNG files, with a font of our own: no system font, window or browser is
//! needed.

mod curves;
mod scatter;
mod truncation;

use std::path::Path;
use std::sync::OnceLock;

use image::RgbImage;
use plotters::prelude::{BitMapBackend, DrawingArea, IntoDrawingArea};
use plotters::style::{FontStyle, WHITE, register_font};

use crate::error::TrainError;
use crate::pictures;

pub(crate) use curves::draw_curves;
pub(crate) use scatter::{Scatter, draw_scatter};
pub use truncation::draw_truncation;

/// What the embedded font is registered as.
const FONT: &str = "sans-serif";

type Area<'a> = DrawingArea<BitMapBackend<'a>, plotters::coord::Shift>;
type DrawResult = Result<(), Box<dyn std::error::Error>>;

/// Draws on a white picture of `size` and writes it.
fn draw(
    path: &Path,
    size: (u32, u32),
    paint: impl FnOnce(&Area<'_>) -> DrawResult,
) -> Result<(), TrainError> {
    let fail = |reason: String| TrainError::Picture { path: path.to_owned(), reason };
    register().map_err(|reason| fail(reason.to_owned()))?;
    let mut buffer = vec![0u8; size.0 as usize * size.1 as usize * 3];
    let painted = {
        let area = BitMapBackend::with_buffer(&mut buffer, size).into_drawing_area();
        let filled = area.fill(&WHITE).map_err(|error| error.to_string());
        filled
            .and_then(|()| paint(&area).map_err(|error| error.to_string()))
            .and_then(|()| area.present().map_err(|error| error.to_string()))
    };
    painted.map_err(fail)?;
    let picture = RgbImage::from_raw(size.0, size.1, buffer);
    pictures::save_drawing(&picture.expect("the buffer has the picture's size"), path)
}

fn register() -> Result<(), &'static str> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let font = epaint_default_fonts::UBUNTU_LIGHT;
    let done = *DONE.get_or_init(|| register_font(FONT, FontStyle::Normal, font).is_ok());
    if done { Ok(()) } else { Err("the embedded font could not be read") }
}
