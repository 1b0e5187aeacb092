//! Orthogonal regularisation.

use ganymede_losses::orthogonal::orthogonal;
use ganymede_tensor::testing::{Order, Tol, assert_close, gradcheck};
use ganymede_tensor::{DType, Device, Graph, Rng, Tensor, grad, watch};

use crate::support::{device, values};

fn weight(dtype: DType) -> Tensor {
    let rows = [1.0f64, 2.0, -1.0, 0.5, -0.5, 3.0, 2.0, 0.25];
    Tensor::from_slice(&rows, (4, 2), &device()).unwrap().to_dtype(dtype).unwrap()
}

/// By numpy: `w = [[1, 2], [-1, .5], [-.5, 3], [2, .25]]`,
/// `(((w @ w.T) * (1 - np.eye(4))) ** 2).sum()` and, for the gradient, `4 * ((w @ w.T) * (1 - np.eye(4))) @ w`.
const VALUE: f64 = 88.156_25;
const GRADIENT: [f64; 8] = [9.0, 68.5, -19.0, 22.125, 12.0, 47.75, 18.0, 13.25];

#[test]
fn the_number_and_the_gradient_are_the_papers() {
    for dtype in [DType::F64, DType::F32] {
        let w = watch(&weight(dtype)).unwrap();
        let value = orthogonal(std::slice::from_ref(&w)).unwrap();
        assert_eq!(values(&value), [VALUE]);
        assert_eq!(values(&grad(&value, &[&w], Graph::Discard).unwrap()[0]), GRADIENT);
    }
}

/// Kernels are rows of all their numbers, several weights are added up.
#[test]
fn kernels_are_rows_and_weights_are_added_up() {
    let kernels = weight(DType::F64).reshape((4, 1, 2, 1)).unwrap();
    let both = orthogonal(&[kernels, weight(DType::F64)]).unwrap();
    assert_eq!(values(&both), [2.0 * VALUE]);
}

#[test]
fn rows_at_right_angles_cost_nothing_whatever_their_length() {
    let w = Tensor::new(&[[3.0f64, 0.0], [0.0, -5.0]], &device()).unwrap();
    assert_eq!(values(&orthogonal(&[w]).unwrap()), [0.0]);
}

#[test]
fn derivatives_of_both_orders() {
    let draw = |seed: u64, shape: &[usize]| Rng::new(seed).normal(shape, DType::F64, &Device::Cpu).unwrap();
    for order in [Order::First, Order::Second] {
        gradcheck(orthogonal, &[draw(1, &[3, 4]), draw(2, &[2, 1, 2, 2])], order).unwrap();
    }
}

/// 5e-5 is what another program calls 1e-4: the gradient that it adds is written out here.
#[test]
fn half_of_what_biggan_pytorch_calls_its_strength() {
    let w = watch(&weight(DType::F64)).unwrap();
    let rows = w.detach();
    let others = (1.0 - Tensor::eye(4, DType::F64, &device()).unwrap()).unwrap();
    let theirs = (rows.matmul(&rows.t().unwrap()).unwrap() * others).unwrap().matmul(&rows).unwrap();
    let ours = grad(&(orthogonal(std::slice::from_ref(&w)).unwrap() * 5e-5).unwrap(), &[&w], Graph::Discard)
        .unwrap();
    assert_close(&ours[0], &(theirs * 2e-4).unwrap(), Tol::F64);
}

#[test]
fn what_is_no_matrix_is_refused() {
    let bias = Tensor::new(&[1.0f64, 2.0], &device()).unwrap();
    assert!(orthogonal(&[bias]).unwrap_err().to_string().contains("no matrix"));
    assert!(orthogonal(&[]).is_err());
}
