//! Images in a lower resolution.

use super::{image_shape, made};
use crate::dataset::{Dataset, ImageSet};
use crate::error::DatasetError;
use crate::options::OpenOptions;

/// Each image in a lower resolution, brought back to its size: see [`Pairs::Downsampled`](crate::Pairs::Downsampled).
pub(super) fn downsampled(
    data: &dyn Dataset,
    factor: usize,
    options: &OpenOptions,
) -> Result<ImageSet, DatasetError> {
    let [channels, height, width] = image_shape(data, "pairs")?;
    if factor < 2 || !height.is_multiple_of(factor) || !width.is_multiple_of(factor) {
        return Err(DatasetError::BadOption {
            option: "factor",
            value: factor.to_string(),
            fix: format!("give 2 or more that divides {height} and {width}, the sides of the images"),
        });
    }
    made(data, [channels, height, width], options, |bytes| {
        let small = means(&bytes, width, factor);
        repeated(&small, width / factor, factor)
    })
}

/// The mean of each square, rounded to the nearest level; of several planes below one another, whose heights are
/// multiples of the factor.
fn means(planes: &[u8], width: usize, factor: usize) -> Vec<u8> {
    let area = (factor * factor) as u32;
    let strips = planes.chunks_exact(factor * width);
    let mean = |strip: &[u8], x: usize| {
        let rows = strip.chunks_exact(width).flat_map(|row| &row[x * factor..(x + 1) * factor]);
        ((rows.map(|&level| u32::from(level)).sum::<u32>() + area / 2) / area) as u8
    };
    strips.flat_map(|strip| (0..width / factor).map(move |x| mean(strip, x))).collect()
}

/// Each pixel as a square of pixels.
pub(super) fn repeated(planes: &[u8], width: usize, factor: usize) -> Vec<u8> {
    let wide = |row: &[u8]| -> Vec<u8> {
        row.iter().flat_map(|&level| std::iter::repeat_n(level, factor)).collect()
    };
    planes.chunks_exact(width).flat_map(|row| wide(row).repeat(factor)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_become_their_means() {
        // Two planes of 2 × 4 pixels.
        let planes = [0, 1, 10, 20, 0, 0, 30, 40, 255, 255, 255, 254, 255, 255, 254, 254];
        assert_eq!(means(&planes, 4, 2), [0, 25, 255, 254]);
        assert_eq!(repeated(&[0, 25], 2, 2), [0, 0, 25, 25, 0, 0, 25, 25]);
        assert_eq!(means(&repeated(&[3, 7, 9, 1], 2, 4), 8, 4), [3, 7, 9, 1]);
    }
}
