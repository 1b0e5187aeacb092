//! The auxiliary classifier's loss: PyTorch's numbers, gradients of both orders, closed forms, refusals.

use ganymede_losses::{LossError, auxiliary};
use ganymede_tensor::testing::{Order, Tol, assert_close, gradcheck};
use ganymede_tensor::{DType, Graph, Result, Tensor, grad, watch};

use crate::support::{device, fixture, normal, values, vector};

fn rows<const N: usize, const K: usize>(rows: &[[f64; K]; N]) -> Tensor {
    Tensor::new(rows, &device()).unwrap()
}

fn labels(labels: &[u32]) -> Tensor {
    Tensor::new(labels, &device()).unwrap()
}

#[test]
fn values_and_gradients_match_pytorch() {
    let fixture = fixture("auxiliary");
    let cases = ["random", "many-classes", "batch-1", "one-class", "ties-and-saturated"];
    assert_eq!(fixture.len(), cases.len() * 7);
    for case in cases {
        for (dtype, suffix, tol) in [
            (DType::F32, "f32", Tol { rel: 1e-6, abs: 1e-6 }),
            (DType::F64, "f64", Tol { rel: 1e-12, abs: 1e-12 }),
        ] {
            println!("{case} {suffix}");
            let input = |what: &str| fixture[&format!("{case}/{what}")].to_dtype(dtype).unwrap();
            let labels = fixture[&format!("{case}/labels")].to_dtype(DType::U32).unwrap();
            let logits = watch(&input("logits")).unwrap();
            let value = auxiliary::cross_entropy(&logits, &labels).unwrap();
            assert_eq!(value.dtype(), dtype);
            assert_close(&value, &fixture[&format!("{case}/{suffix}/value")], tol);
            let weighted = value.mul(&input("weights")).unwrap();
            let slope = grad(&weighted, &[&logits], Graph::Discard).unwrap().remove(0);
            assert_close(&slope, &fixture[&format!("{case}/{suffix}/grad")], tol);
        }
    }
}

#[test]
fn gradients_of_both_orders_are_exact() {
    for (what, logits, labels) in [
        ("random", normal(1, &[5, 4], 2.0), labels(&[3, 0, 0, 2, 1])),
        ("batch of one", normal(2, &[1, 3], 2.0), labels(&[1])),
        ("one class", normal(3, &[2, 1], 2.0), labels(&[0, 0])),
        ("ties", rows(&[[0.0, 0.0, 0.0], [1.5, 1.5, -1.0], [1.5, 1.5, -1.0]]), labels(&[1, 0, 2])),
        ("saturated", rows(&[[100.0, -100.0, 0.0], [-40.0, 40.0, 40.0]]), labels(&[1, 2])),
        ("far beyond", rows(&[[1e4, -1e4, 0.0], [-1e4, 1e4, 2e3], [1.0, 2.0, -1e4]]), labels(&[1, 0, 2])),
    ] {
        for order in [Order::First, Order::Second] {
            let f = |x: &[Tensor]| -> Result<Tensor> { Ok(auxiliary::cross_entropy(&x[0], &labels)?) };
            gradcheck(f, std::slice::from_ref(&logits), order)
                .unwrap_or_else(|e| panic!("{what} {order:?}: {e}"));
        }
    }
}

/// Logits that are used twice, and depend on something.
#[test]
fn logits_of_a_network_have_exact_gradients() {
    let labels = labels(&[2, 0, 1]);
    let f = |x: &[Tensor]| -> Result<Tensor> {
        let logits = x[0].matmul(&x[1])?.tanh()?;
        auxiliary::cross_entropy(&logits, &labels)? + (logits.sqr()?.sum(1)? * 0.1)?
    };
    for order in [Order::First, Order::Second] {
        gradcheck(f, &[normal(4, &[3, 2], 1.0), normal(5, &[2, 3], 1.0)], order).unwrap();
    }
}

#[test]
fn closed_forms() {
    let exact = Tol { rel: 1e-12, abs: 1e-12 };
    let value = |logits: &Tensor, of: &[u32]| auxiliary::cross_entropy(logits, &labels(of)).unwrap();
    // Without an idea every class costs log K; of odds 1 to 3 it costs log 4 and log 4/3.
    assert_close(&value(&rows(&[[7.0; 5]; 2]), &[0, 4]), &vector(&[5.0f64.ln(); 2]), exact);
    let odds = rows(&[[0.0, 3.0f64.ln()]; 2]);
    assert_close(&value(&odds, &[0, 1]), &vector(&[4.0f64.ln(), (4.0f64 / 3.0).ln()]), exact);
    for dtype in [DType::F32, DType::F64] {
        let sure = rows(&[[1e4, -1e4]; 2]).to_dtype(dtype).unwrap();
        assert_eq!(values(&value(&sure, &[0, 1])), [0.0, 2e4]);
        // A constant added to a row changes nothing.
        assert_eq!(values(&value(&(sure + 512.0).unwrap(), &[0, 1])), [0.0, 2e4]);
    }
}

/// The Hessian is `diag(p) - p p^T`, wherever the logits are: finite differences cannot tell at 1e4.
#[test]
fn second_derivatives_at_a_tie() {
    for (dtype, at) in [(DType::F32, 0.0), (DType::F32, 1e4), (DType::F64, -1e4)] {
        let logits = watch(&rows(&[[at, at]]).to_dtype(dtype).unwrap()).unwrap();
        let value = auxiliary::cross_entropy(&logits, &labels(&[0])).unwrap();
        let first = grad(&value, &[&logits], Graph::Create).unwrap().remove(0);
        assert_eq!(values(&first), [-0.5, 0.5]);
        let second = grad(&first.narrow(1, 0, 1).unwrap(), &[&logits], Graph::Discard).unwrap().remove(0);
        assert_eq!(values(&second), [0.25, -0.25]);
    }
}

#[test]
fn what_is_no_batch_of_labels_is_refused() {
    let three = normal(6, &[3, 4], 1.0);
    let shape = |logits: &Tensor, labels: &Tensor, name: &str| match auxiliary::cross_entropy(logits, labels)
    {
        Err(LossError::Shape { what, .. }) => assert_eq!(what, name),
        other => panic!("{name}: {other:?}"),
    };
    let of_three = labels(&[0, 1, 2]);
    shape(&normal(6, &[3], 1.0), &of_three, "logits");
    shape(&normal(6, &[3, 4, 1], 1.0), &of_three, "logits");
    shape(&Tensor::zeros((3, 0), DType::F64, &device()).unwrap(), &of_three, "logits");
    shape(
        &Tensor::zeros((0, 4), DType::F64, &device()).unwrap(),
        &of_three.narrow(0, 0, 0).unwrap(),
        "logits",
    );
    shape(&three, &labels(&[0, 1]), "labels");
    shape(&three, &of_three.unsqueeze(1).unwrap(), "labels");

    let of_another_dtype = of_three.to_dtype(DType::I64).unwrap();
    let error = auxiliary::cross_entropy(&three, &of_another_dtype).unwrap_err();
    assert!(matches!(error, LossError::Tensor(_)), "{error}");

    let no_class = labels(&[0, 4, 7]);
    if device().is_cpu() {
        let error = auxiliary::cross_entropy(&three, &no_class).unwrap_err();
        assert!(matches!(error, LossError::Label { label: 4, sample: 1, classes: 4 }), "{error}");
        let message = error.to_string();
        assert!(message.contains("label 4 of sample 1") && message.contains("0 to 3"), "{message}");
    } else {
        let value = values(&auxiliary::cross_entropy(&three, &no_class).unwrap());
        assert!(value[0].is_finite() && value[1].is_nan() && value[2].is_nan());
    }
}
