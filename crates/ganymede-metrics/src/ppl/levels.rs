//! Images as path lengths are measured on.

use ganymede_tensor::{DType, Tensor, avg_pool2d};

use crate::{MetricError, Result};

/// The side that networks such as VGG-16 were made for, about.
const SIDE: usize = 256;

/// Images `(N, C, H, W)` in [−1, 1] as grey levels in `0..=255`, neither rounded nor clipped, as [`path_length`] of
/// StyleGAN sees them: with `crop` the rows 3c to 7c and the columns 2c to 6c, c = H/8, where faces are in FFHQ; then, if
/// there are more than 256 pixels along a side, the means of as many pixels as leave 256 or a little more.
///
/// stylegan2-ada-pytorch divides by what the whole image would need, so that its crops of 1024 pixels have 128; the
/// earlier programs, and this one, leave them 256.
///
/// [`path_length`]: crate::path_length
///
/// # Errors
/// The images are no squares of 8 or more pixels where they are cropped, or their side is no multiple of what is averaged.
pub fn path_length_levels(images: &Tensor, crop: bool) -> Result<Tensor> {
    let (_, _, height, width) = images.dims4()?;
    let mut x = images.to_dtype(DType::F32)?;
    if crop {
        if height != width || height < 8 {
            return Err(MetricError::Invalid(format!(
                "path length: images of {height}×{width} pixels have no crop for faces: leave it out"
            )));
        }
        let c = height / 8;
        x = x.narrow(2, 3 * c, 4 * c)?.narrow(3, 2 * c, 4 * c)?.contiguous()?;
    }
    let factor = x.dim(2)? / SIDE;
    if factor > 1 {
        x = avg_pool2d(&x, factor)?;
    }
    Ok(x.affine(127.5, 127.5)?)
}

#[cfg(test)]
mod tests {
    use ganymede_tensor::Device;

    use super::*;

    #[test]
    fn crops_and_blocks_are_where_they_should_be() {
        let levels = |side: usize, crop: bool| -> Vec<Vec<f32>> {
            // The level of a pixel says where it is.
            let at = Tensor::arange(0f32, (side * side) as f32, &Device::Cpu).unwrap();
            let images = at.affine(1.0 / 127.5, -1.0).unwrap().reshape((1, 1, side, side)).unwrap();
            path_length_levels(&images, crop)
                .unwrap()
                .squeeze(0)
                .unwrap()
                .squeeze(0)
                .unwrap()
                .to_vec2()
                .unwrap()
        };
        let whole = levels(16, false);
        let cropped = levels(16, true);
        assert_eq!((cropped.len(), cropped[0].len()), (8, 8));
        assert!((0..8).all(|y| cropped[y] == whole[6 + y][4..12]));
        let small = levels(512, false);
        assert_eq!((small.len(), small[0].len()), (256, 256));
        // Pixels (0, 0), (0, 1), (1, 0) and (1, 1).
        assert!((small[0][0] - (0.0 + 1.0 + 512.0 + 513.0) / 4.0).abs() < 0.01, "{}", small[0][0]);
        assert_eq!(levels(512, true).len(), 256);
        let flat = Tensor::zeros((1, 1, 16, 8), DType::F32, &Device::Cpu).unwrap();
        assert!(path_length_levels(&flat, true).unwrap_err().to_string().contains("leave it out"));
    }
}
