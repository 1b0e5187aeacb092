//! The drift of scores: closed forms, gradients of both orders, refusals.

use ganymede_losses::drift::drift;
use ganymede_tensor::testing::{Order, gradcheck};
use ganymede_tensor::{DType, Graph, Result, Tensor, grad, watch};

use crate::support::{device, normal, values};

#[test]
fn closed_forms() {
    for dtype in [DType::F64, DType::F32] {
        let rows = |numbers: &[f64], shape: &[usize]| {
            Tensor::from_slice(numbers, shape, &device()).unwrap().to_dtype(dtype).unwrap()
        };
        assert_eq!(values(&drift(&rows(&[0.0, -3.0, 100.0], &[3])).unwrap()), [0.0, 9.0, 10_000.0]);
        assert_eq!(values(&drift(&rows(&[-2.0], &[1])).unwrap()), [4.0]);
        let patches = watch(&rows(&[1.0, 3.0, 0.0, -2.0], &[2, 2])).unwrap();
        let value = drift(&patches).unwrap();
        assert_eq!(values(&value), [5.0, 2.0]);
        // 2r over the patches.
        assert_eq!(values(&grad(&value, &[&patches], Graph::Discard).unwrap()[0]), [1.0, 3.0, 0.0, -2.0]);
    }
}

#[test]
fn gradients_of_both_orders_are_exact() {
    let f = |x: &[Tensor]| -> Result<Tensor> { drift(&x[0])? * drift(&x[0].sin()?)? };
    for shape in [&[3][..], &[1], &[2, 3]] {
        for order in [Order::First, Order::Second] {
            gradcheck(f, &[normal(1, shape, 1.0)], order)
                .unwrap_or_else(|e| panic!("{shape:?} {order:?}: {e}"));
        }
    }
}

#[test]
fn what_are_no_scores_is_refused() {
    for shape in [&[0][..], &[2, 0], &[2, 1, 1], &[]] {
        let message = drift(&Tensor::zeros(shape, DType::F64, &device()).unwrap()).unwrap_err().to_string();
        assert!(message.contains("(N,) or (N, P)"), "{message}");
    }
}
