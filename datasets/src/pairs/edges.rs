//! The edges of images.

use ganymede_files::Frame;

use super::{image_shape, made};
use crate::dataset::{Dataset, ImageSet};
use crate::error::DatasetError;
use crate::frame::Fit;
use crate::options::{Channels, OpenOptions};

/// The norm of Sobel's gradient from which on a pixel lies on an edge: four times a step of 64 levels.
const STEEP: i32 = 256;

/// The edges of each image, `[1, H, W]`, as [`Pairs::Edges`](crate::Pairs::Edges) says.
pub(super) fn edges(data: &dyn Dataset, options: &OpenOptions) -> Result<ImageSet, DatasetError> {
    let [channels, height, width] = image_shape(data, "pairs")?;
    made(data, [1, height, width], options, |bytes| {
        let frame = Frame::from_planar([channels, height, width], &bytes);
        // Of other images than grey and colour ones the first channel is looked at.
        let grey = frame.map(|frame| frame.with_channels(Channels::Grey).into_planar()).unwrap_or(bytes);
        of_plane(&grey, height, width)
    })
}

/// 255 where a plane of levels is steep, else 0.
fn of_plane(plane: &[u8], height: usize, width: usize) -> Vec<u8> {
    // Row and column count from 1, so that there is one before the first: the outermost pixels are repeated.
    let level =
        |y: usize, x: usize| i32::from(plane[(y.clamp(1, height) - 1) * width + x.clamp(1, width) - 1]);
    let is_steep = |y: usize, x: usize| {
        let column = |x: usize| level(y - 1, x) + 2 * level(y, x) + level(y + 1, x);
        let row = |y: usize| level(y, x - 1) + 2 * level(y, x) + level(y, x + 1);
        let (across, down) = (column(x + 1) - column(x - 1), row(y + 1) - row(y - 1));
        across * across + down * down >= STEEP * STEEP
    };
    let pixels = (1..=height).flat_map(|y| (1..=width).map(move |x| (y, x)));
    pixels.map(|(y, x)| if is_steep(y, x) { 255 } else { 0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_an_edge_on_both_of_its_sides_and_the_frame_has_none() {
        // Levels 100 | 164 between the second and the third column: a norm of 4 · 64.
        let rows = |levels: [u8; 4]| levels.repeat(3);
        assert_eq!(of_plane(&rows([100, 100, 164, 164]), 3, 4), rows([0, 255, 255, 0]));
        assert_eq!(of_plane(&rows([100, 100, 163, 163]), 3, 4), rows([0; 4]));
        assert_eq!(of_plane(&rows([255; 4]), 3, 4), rows([0; 4]));
        // Turned by a quarter.
        let column: Vec<u8> = [100, 100, 164, 164].iter().flat_map(|level| [*level; 3]).collect();
        let wanted: Vec<u8> = [0, 255, 255, 0].iter().flat_map(|level| [*level; 3]).collect();
        assert_eq!(of_plane(&column, 4, 3), wanted);
        assert_eq!(of_plane(&[7], 1, 1), [0]);
    }

    #[test]
    fn edges_of_a_mirrored_image_are_mirrored() {
        let plane: Vec<u8> = (0..40u32).map(|i| (i * i * 37 % 251) as u8).collect();
        let mirrored =
            |plane: &[u8]| plane.chunks(8).flat_map(|row| row.iter().rev().copied()).collect::<Vec<u8>>();
        let edges = of_plane(&plane, 5, 8);
        assert!(edges.contains(&0) && edges.contains(&255), "{edges:?}");
        assert_eq!(of_plane(&mirrored(&plane), 5, 8), mirrored(&edges));
    }
}
