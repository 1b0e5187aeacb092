//! Gradients of both orders of every loss, against finite differences in f64.

use ganymede_losses::{AdversarialLoss, LabelSmoothing, Scores};
use ganymede_tensor::testing::{Order, gradcheck};
use ganymede_tensor::{Result, Tensor};

use crate::support::{normal, vector};

const ORDERS: [Order; 2] = [Order::First, Order::Second];

fn check(loss: AdversarialLoss, smoothing: f64, real: &Tensor, fake: &Tensor) {
    let smoothing = LabelSmoothing { real: smoothing };
    let inputs = [real.clone(), fake.clone()];
    for order in ORDERS {
        let discriminator = |x: &[Tensor]| -> Result<Tensor> {
            Ok(loss.discriminator(Scores { real: &x[0], fake: &x[1] }, smoothing)?)
        };
        let generator =
            |x: &[Tensor]| -> Result<Tensor> { Ok(loss.generator(Scores { real: &x[0], fake: &x[1] })?) };
        let outcome = gradcheck(discriminator, &inputs, order);
        outcome.unwrap_or_else(|e| panic!("{loss} discriminator {order:?}: {e}"));
        let outcome = gradcheck(generator, &inputs, order);
        outcome.unwrap_or_else(|e| panic!("{loss} generator {order:?}: {e}"));
    }
}

fn check_all(real: &Tensor, fake: &Tensor) {
    for &loss in AdversarialLoss::ALL {
        check(loss, 1.0, real, fake);
        if loss.supports_label_smoothing() {
            check(loss, 0.9, real, fake);
            check(loss, 0.6, real, fake);
        }
    }
}

#[test]
fn random_scores() {
    check_all(&normal(1, &[6], 2.0), &normal(2, &[6], 2.0));
}

#[test]
fn batch_of_one() {
    check_all(&vector(&[0.3]), &vector(&[-0.7]));
    check_all(&vector(&[100.0]), &vector(&[-100.0]));
    check_all(&vector(&[-100.0]), &vector(&[100.0]));
}

#[test]
fn saturated_scores() {
    let logits = [-100.0, -40.0, 0.0, 0.5, 40.0, 100.0];
    let (mut real, mut fake) = (Vec::new(), Vec::new());
    for r in logits {
        for f in logits {
            real.push(r);
            fake.push(f);
        }
    }
    check_all(&vector(&real), &vector(&fake));
}

#[test]
fn scores_far_beyond() {
    check_all(&vector(&[1e4, -1e4, 2e3]), &vector(&[-1e4, 1e4, 1e3]));
}

/// The same tensor as real and as fake scores, scaled: its gradient is a sum of two paths.
#[test]
fn a_tensor_used_twice() {
    let x = normal(3, &[4], 1.5);
    for &loss in AdversarialLoss::ALL {
        for order in ORDERS {
            let f = |x: &[Tensor]| -> Result<Tensor> {
                let fake = x[0].affine(-1.5, 0.2)?;
                let scores = Scores { real: &x[0], fake: &fake };
                loss.discriminator(scores, LabelSmoothing::OFF)? + loss.generator(scores)?
            };
            gradcheck(f, std::slice::from_ref(&x), order).unwrap_or_else(|e| panic!("{loss} {order:?}: {e}"));
        }
    }
}
