//! The L1 distance: PyTorch's numbers, gradients of both orders, closed forms, refusals.

use ganymede_losses::l1;
use ganymede_tensor::testing::{Order, Tol, assert_close, gradcheck};
use ganymede_tensor::{DType, Graph, Result, Tensor, grad, watch};

use crate::support::{device, fixture, normal, vector};

#[test]
fn values_and_gradients_match_pytorch() {
    let fixture = fixture("l1");
    let cases = ["images", "points", "batch-1", "ties"];
    assert_eq!(fixture.len(), cases.len() * 9);
    for case in cases {
        for (dtype, suffix, tol) in [
            (DType::F32, "f32", Tol { rel: 1e-6, abs: 1e-6 }),
            (DType::F64, "f64", Tol { rel: 1e-12, abs: 1e-12 }),
        ] {
            println!("{case} {suffix}");
            let input = |what: &str| fixture[&format!("{case}/{what}")].to_dtype(dtype).unwrap();
            let (x, y) = (watch(&input("x")).unwrap(), watch(&input("y")).unwrap());
            let value = l1::distance(&x, &y).unwrap();
            assert_eq!(value.dtype(), dtype);
            assert_close(&value, &fixture[&format!("{case}/{suffix}/value")], tol);
            let weighted = value.mul(&input("weights")).unwrap();
            let slopes = grad(&weighted, &[&x, &y], Graph::Discard).unwrap();
            assert_close(&slopes[0], &fixture[&format!("{case}/{suffix}/grad_x")], tol);
            assert_close(&slopes[1], &fixture[&format!("{case}/{suffix}/grad_y")], tol);
        }
    }
}

/// Away from ties, where there is no derivative: the batches are some way apart.
#[test]
fn gradients_of_both_orders_are_exact() {
    let apart = |tensor: Tensor| ((tensor.tanh().unwrap() * 0.4).unwrap() + 1.0).unwrap();
    for dims in [&[3, 2, 2, 2][..], &[4, 3], &[1, 1]] {
        let inputs = [normal(1, dims, 0.3).tanh().unwrap(), apart(normal(2, dims, 1.0))];
        for order in [Order::First, Order::Second] {
            let f = |x: &[Tensor]| -> Result<Tensor> { Ok(l1::distance(&x[0].sqr()?, &x[1].exp()?)?) };
            gradcheck(f, &inputs, order).unwrap_or_else(|e| panic!("{dims:?} {order:?}: {e}"));
        }
    }
}

#[test]
fn closed_forms() {
    let exact = Tol { rel: 1e-12, abs: 1e-12 };
    let x = Tensor::new(&[[1.0, -2.0, 3.0], [0.0, 0.0, 0.0]], &device()).unwrap();
    let y = Tensor::new(&[[0.0, 2.0, 3.0], [0.5, -0.5, 1.0]], &device()).unwrap();
    assert_close(&l1::distance(&x, &y).unwrap(), &vector(&[5.0 / 3.0, 2.0 / 3.0]), exact);
    assert_close(&l1::distance(&y, &x).unwrap(), &vector(&[5.0 / 3.0, 2.0 / 3.0]), exact);
    assert_close(&l1::distance(&x, &x).unwrap(), &vector(&[0.0, 0.0]), exact);
}

#[test]
fn batches_that_are_none_are_refused() {
    let zeros = |dims: &[usize]| Tensor::zeros(dims, DType::F64, &device()).unwrap();
    for (x, y, says) in [
        (zeros(&[3]), zeros(&[3]), "(N, ..)"),
        (zeros(&[0, 2]), zeros(&[0, 2]), "N >= 1"),
        (zeros(&[3, 2]), zeros(&[3, 1]), "counterpart"),
        (zeros(&[3, 2]), zeros(&[2, 2]), "counterpart"),
    ] {
        let message = l1::distance(&x, &y).unwrap_err().to_string();
        assert!(message.contains(says), "{message}");
    }
}
