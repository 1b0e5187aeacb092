//! Numbers that were computed on the host, as tensors beside some images.

use ganymede_tensor::{DType, Result, Shape, Tensor, bail};

/// A tensor of the images' dtype on their device. f64 goes there only where the images have it: some devices have none.
pub(crate) fn tensor(values: Vec<f64>, shape: impl Into<Shape>, images: &Tensor) -> Result<Tensor> {
    let (shape, device) = (shape.into(), images.device());
    match images.dtype() {
        DType::F64 => Tensor::from_vec(values, shape, device),
        dtype => {
            let values: Vec<f32> = values.into_iter().map(|x| x as f32).collect();
            Tensor::from_vec(values, shape, device)?.to_dtype(dtype)
        }
    }
}

/// Refuses draws for another number of images, one of which could be taken for many.
pub(crate) fn check_count(drawn: usize, images: &Tensor) -> Result<()> {
    match images.dim(0)? {
        n if n == drawn => Ok(()),
        n => bail!("augment: changes were drawn for {drawn} images, and there are {n}; draw anew"),
    }
}

/// One number a sample, `(N, 1, …)` of as many dimensions as the images have.
pub(crate) fn per_sample(values: &[f64], images: &Tensor) -> Result<Tensor> {
    check_count(values.len(), images)?;
    let mut shape = vec![1; images.rank()];
    shape[0] = values.len();
    tensor(values.to_vec(), shape, images)
}
