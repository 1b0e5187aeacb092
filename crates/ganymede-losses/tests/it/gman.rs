//! Several discriminators' losses as one.

use ganymede_losses::gman::Aggregate;
use ganymede_tensor::testing::{Order, gradcheck};
use ganymede_tensor::{Device, Tensor};

fn of(aggregate: Aggregate, losses: &[f64]) -> f64 {
    let losses = Tensor::new(losses, &Device::Cpu).unwrap();
    aggregate.of(&losses).unwrap().to_scalar().unwrap()
}

#[test]
fn the_table_by_hand() {
    let losses = [1.0, 2.0, 4.0];
    let softmax = |lambda: f64| Aggregate::Softmax { lambda };
    let by_hand = |lambda: f64| {
        let weights = losses.map(|l: f64| (lambda * l).exp());
        losses.iter().zip(weights).map(|(l, w)| l * w).sum::<f64>() / weights.iter().sum::<f64>()
    };
    assert!((of(Aggregate::Mean, &losses) - 7.0 / 3.0).abs() < 1e-12);
    assert!((of(softmax(0.0), &losses) - 7.0 / 3.0).abs() < 1e-12);
    assert!((of(softmax(0.7), &losses) - by_hand(0.7)).abs() < 1e-12);
    assert!((of(softmax(500.0), &losses) - 4.0).abs() < 1e-12);
    assert_eq!(of(Aggregate::Max, &losses), 4.0);
    for aggregate in [Aggregate::Mean, softmax(3.0), Aggregate::Max] {
        assert!((of(aggregate, &[-3.5]) + 3.5).abs() < 1e-12, "{aggregate:?}");
        assert!(Aggregate::NAMES.contains(&aggregate.name()));
    }
}

#[test]
fn gradients_are_exact_and_nonsense_is_refused() {
    let losses = Tensor::new(&[0.3f64, -1.2, 2.0, 0.9], &Device::Cpu).unwrap();
    for aggregate in [Aggregate::Mean, Aggregate::Softmax { lambda: 1.5 }, Aggregate::Max] {
        let f = |t: &[Tensor]| aggregate.of(&(&t[0] * &t[0])?).map_err(ganymede_tensor::Error::wrap);
        gradcheck(f, std::slice::from_ref(&losses), Order::First).unwrap();
    }
    let f = |t: &[Tensor]| Aggregate::Softmax { lambda: 1.5 }.of(&t[0]).map_err(ganymede_tensor::Error::wrap);
    gradcheck(f, std::slice::from_ref(&losses), Order::Second).unwrap();
    for lambda in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(Aggregate::Softmax { lambda }.of(&losses).is_err(), "{lambda}");
    }
    assert!(Aggregate::Max.of(&losses.reshape((2, 2)).unwrap()).is_err());
}
