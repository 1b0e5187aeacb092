//! The auxiliary classifier's loss.

use ganymede_losses::{LossError, cross_entropy};
use ganymede_tensor::testing::{Order, gradcheck};
use ganymede_tensor::{DType, Device, Tensor};

fn logits(rows: &[&[f64]]) -> Tensor {
    let (n, k) = (rows.len(), rows[0].len());
    Tensor::from_vec(rows.concat(), (n, k), &Device::Cpu).unwrap()
}

fn classes(y: &[u32]) -> Tensor {
    Tensor::new(y, &Device::Cpu).unwrap()
}

fn values(rows: &[&[f64]], y: &[u32]) -> Vec<f64> {
    cross_entropy(&logits(rows), &classes(y)).unwrap().to_vec1().unwrap()
}

#[track_caller]
fn near(found: &[f64], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len());
    let close = found.iter().zip(wanted).all(|(a, b)| (a - b).abs() <= 1e-12 * b.abs().max(1.0));
    assert!(close, "{found:?} is not {wanted:?}");
}

#[test]
fn closed_forms() {
    // All classes alike: log K. A single class: 0. Far apart: the difference.
    near(&values(&[&[3.0, 3.0, 3.0, 3.0]], &[2]), &[4f64.ln()]);
    near(&values(&[&[7.0]], &[0]), &[0.0]);
    near(&values(&[&[1e4, -1e4], &[1e4, -1e4]], &[0, 1]), &[0.0, 2e4]);
    // One class of two is the logistic loss of their difference.
    let softplus = |x: f64| x.exp().ln_1p();
    near(&values(&[&[0.5, -1.5], &[0.5, -1.5]], &[0, 1]), &[softplus(-2.0), softplus(2.0)]);
}

#[test]
fn derivatives_of_both_orders_with_ties_saturation_and_a_batch_of_one() {
    let cases: [(&[&[f64]], &[u32]); 3] = [
        (&[&[0.3, -0.7, 1.1], &[2.0, 2.0, 2.0], &[-1.0, 0.0, 1.0]], &[2, 0, 0]),
        (&[&[40.0, -40.0, 0.0], &[-25.0, 30.0, 30.0]], &[1, 1]),
        (&[&[0.1, 0.2]], &[1]),
    ];
    for (rows, y) in cases {
        let y = classes(y);
        for order in [Order::First, Order::Second] {
            let loss = |x: &[Tensor]| cross_entropy(&x[0], &y).map_err(ganymede_tensor::Error::wrap);
            gradcheck(loss, &[logits(rows)], order).unwrap();
        }
    }
}

#[test]
fn misfits_are_named() {
    let refused = |logits: &Tensor, classes: &Tensor| match cross_entropy(logits, classes) {
        Err(LossError::Shape { what, expected, .. }) => (what, expected),
        other => panic!("{other:?}"),
    };
    let two = logits(&[&[1.0, 2.0], &[3.0, 4.0]]);
    assert_eq!(refused(&two.flatten_all().unwrap(), &classes(&[0, 1])).0, "logits");
    assert_eq!(refused(&two, &classes(&[0])).0, "classes");
    assert!(refused(&two, &classes(&[0, 2])).1.contains("below 2, found 2"));
    let floats = Tensor::zeros(2, DType::F64, &Device::Cpu).unwrap();
    assert_eq!(refused(&two, &floats).0, "classes");
}
