//! LeCam regularisation: closed forms, gradients of both orders, refusals.

use ganymede_losses::Scores;
use ganymede_losses::lecam::{Anchors, lecam};
use ganymede_tensor::testing::{Order, gradcheck};
use ganymede_tensor::{DType, Graph, Result, Tensor, grad, watch};

use crate::support::{device, normal, values};

fn tensor(numbers: &[f64], shape: &[usize], dtype: DType) -> Tensor {
    Tensor::from_slice(numbers, shape, &device()).unwrap().to_dtype(dtype).unwrap()
}

#[test]
fn closed_forms() {
    for dtype in [DType::F64, DType::F32] {
        let (a_r, a_f) = (tensor(&[2.0], &[], dtype), tensor(&[-1.0], &[], dtype));
        let anchors = Anchors { real: &a_r, fake: &a_f };
        // Above the generated ones' anchor by 4, at it, below it; below the real ones' by 3, at it, above it.
        let real = watch(&tensor(&[3.0, -1.0, -5.0], &[3], dtype)).unwrap();
        let fake = watch(&tensor(&[-1.0, 2.0, 90.0], &[3], dtype)).unwrap();
        let value = lecam(Scores { real: &real, fake: &fake }, anchors).unwrap();
        assert_eq!(values(&value), [25.0, 0.0, 0.0]);
        let gradients = grad(&value, &[&real, &fake], Graph::Discard).unwrap();
        assert_eq!(values(&gradients[0]), [8.0, 0.0, 0.0]);
        assert_eq!(values(&gradients[1]), [-6.0, 0.0, 0.0]);
        // A batch of one, of two patches.
        let (real, fake) = (tensor(&[1.0, -2.0], &[1, 2], dtype), tensor(&[2.0, 1.0], &[1, 2], dtype));
        assert_eq!(values(&lecam(Scores { real: &real, fake: &fake }, anchors).unwrap()), [2.5]);
        // The same tensor on both sides.
        assert_eq!(
            values(&lecam(Scores { real: &real, fake: &real }, anchors).unwrap()),
            [(4.0 + 1.0 + 16.0) / 2.0]
        );
    }
}

#[test]
fn anchors_are_constants() {
    let anchor = watch(&tensor(&[0.5], &[], DType::F64)).unwrap();
    let real = watch(&tensor(&[3.0], &[1], DType::F64)).unwrap();
    let value = lecam(Scores { real: &real, fake: &real }, Anchors { real: &anchor, fake: &anchor }).unwrap();
    assert_eq!(values(&grad(&value, &[&anchor], Graph::Discard).unwrap()[0]), [0.0]);
}

#[test]
fn gradients_of_both_orders_are_exact() {
    let f = |x: &[Tensor]| -> Result<Tensor> {
        let (a_r, a_f) = (tensor(&[0.3], &[], DType::F64), tensor(&[-0.2], &[], DType::F64));
        let anchors = Anchors { real: &a_r, fake: &a_f };
        let value = lecam(Scores { real: &x[0], fake: &x[1] }, anchors)?;
        value.clone() * lecam(Scores { real: &x[0].sin()?, fake: &x[1].sin()? }, anchors)?
    };
    for shape in [&[3][..], &[1], &[2, 3]] {
        for order in [Order::First, Order::Second] {
            gradcheck(f, &[normal(1, shape, 1.0), normal(2, shape, 1.0)], order)
                .unwrap_or_else(|e| panic!("{shape:?} {order:?}: {e}"));
        }
    }
}

#[test]
fn what_are_no_scores_is_refused() {
    let anchor = tensor(&[0.0], &[], DType::F64);
    let anchors = Anchors { real: &anchor, fake: &anchor };
    let good = Tensor::zeros(2, DType::F64, &device()).unwrap();
    for shape in [&[0][..], &[2, 1, 1], &[]] {
        let bad = Tensor::zeros(shape, DType::F64, &device()).unwrap();
        for scores in [Scores { real: &bad, fake: &good }, Scores { real: &good, fake: &bad }] {
            let message = lecam(scores, anchors).unwrap_err().to_string();
            assert!(message.contains("(N,) or (N, P)"), "{message}");
        }
    }
}
