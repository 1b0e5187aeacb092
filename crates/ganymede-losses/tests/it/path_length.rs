//! Path length regularisation: the reference's numbers, gradients of both orders, closed forms, refusals.

use ganymede_losses::path_length::{lengths, penalty};
use ganymede_tensor::testing::{Order, Tol, assert_close, gradcheck};
use ganymede_tensor::{DType, Graph, Result, Tensor, grad, watch};

use crate::support::{device, fixture, normal, values, vector};

const DECAY: f64 = 0.01;
const LAYERS: usize = 3;

/// The generator of the fixture: images and the vectors that they were made from.
fn generated(z: &Tensor, a: &Tensor, b: &Tensor) -> Result<(Tensor, Tensor)> {
    let w = z.matmul(a)?.tanh()?;
    let (n, dim) = w.dims2()?;
    let ws = watch(&w.unsqueeze(1)?.broadcast_as((n, LAYERS, dim))?.contiguous()?)?;
    Ok((ws.flatten_from(1)?.matmul(b)?.tanh()?.reshape((n, 2, 4, 2))?, ws))
}

#[test]
fn values_and_gradients_match_the_reference() {
    let fixture = fixture("path_length");
    let cases = ["first", "later", "batch-1"];
    assert_eq!(fixture.len(), cases.len() * 9);
    for case in cases {
        for (dtype, tol) in
            [(DType::F32, Tol { rel: 1e-5, abs: 1e-6 }), (DType::F64, Tol { rel: 1e-9, abs: 1e-10 })]
        {
            println!("{case} {dtype:?}");
            let input = |what: &str| fixture[&format!("{case}/{what}")].to_dtype(dtype).unwrap();
            let (a, b) = (watch(&input("a")).unwrap(), watch(&input("b")).unwrap());
            let (samples, ws) = generated(&input("z"), &a, &b).unwrap();
            let found = penalty(&samples, &ws, &input("y"), &input("mean"), DECAY).unwrap();
            assert_close(&found.penalty, &fixture[&format!("{case}/penalty")], tol);
            assert_close(&found.mean, &fixture[&format!("{case}/mean_after")], tol);
            assert!(!found.mean.track_op() && !found.lengths.track_op());
            let slopes = grad(&found.penalty.mean_all().unwrap(), &[&a, &b], Graph::Discard).unwrap();
            assert_close(&slopes[0], &fixture[&format!("{case}/grad_a")], tol);
            assert_close(&slopes[1], &fixture[&format!("{case}/grad_b")], tol);
        }
    }
}

/// The lengths are gradients already: these are the second and the third order of the generator.
#[test]
fn gradients_of_both_orders_are_exact() {
    for n in [1, 2] {
        let (z, y) = (normal(1, &[n, 2], 1.0), normal(2, &[n, 2, 4, 2], 1.0));
        let inputs = [normal(3, &[2, 2], 0.5), normal(4, &[LAYERS * 2, 16], 0.4)];
        let mean = Tensor::new(0.3, &device()).unwrap();
        for order in [Order::First, Order::Second] {
            let f = |x: &[Tensor]| -> Result<Tensor> {
                let (samples, ws) = generated(&z, &x[0], &x[1])?;
                Ok(penalty(&samples, &ws, &y, &mean, DECAY)?.penalty)
            };
            gradcheck(f, &inputs, order).unwrap_or_else(|e| panic!("{n} {order:?}: {e}"));
        }
    }
}

/// x = c·w of one pixel and three channels, from two layers that count alike: the length is |c/2|·|y| for each of them.
#[test]
fn closed_forms() {
    let exact = Tol { rel: 1e-9, abs: 1e-9 };
    let ws = watch(&normal(1, &[2, 2, 3], 1.0)).unwrap();
    let y = Tensor::new(&[[3.0, 0.0, 4.0], [0.0, 0.0, 0.0]], &device()).unwrap();
    let y = y.reshape((2, 3, 1, 1)).unwrap();
    let images = |c: f64| (ws.mean(1).unwrap() * c).unwrap().reshape((2, 3, 1, 1)).unwrap();
    for c in [2.0, -4.0, 0.0] {
        let found = lengths(&images(c), &ws, &y).unwrap();
        // √(0 + 1e-12).
        assert_close(&found, &vector(&[2.5 * c.abs(), 0.0]), Tol { abs: 1.1e-6, ..exact });
    }
    // Of images of 2×2 pixels, y counts half.
    let wide = images(2.0).broadcast_as((2, 3, 2, 2)).unwrap().contiguous().unwrap();
    let corner = [1.0, 0.0, 0.0, 0.0];
    let corner = Tensor::new(&corner, &device()).unwrap().reshape((1, 1, 2, 2)).unwrap();
    let found = lengths(&wide, &ws, &y.broadcast_mul(&corner).unwrap()).unwrap();
    assert_close(&found, &vector(&[2.5, 0.0]), Tol { abs: 1.1e-6, ..exact });

    let mean = Tensor::new(1.0, &device()).unwrap();
    let found = penalty(&images(2.0), &ws, &y, &mean, 0.5).unwrap();
    // Lengths 5 and 0: the average goes from 1 to (1 + 2.5)/2.
    assert_close(&found.mean, &Tensor::new(1.75, &device()).unwrap(), Tol { abs: 1e-6, ..exact });
    assert_close(&found.penalty, &vector(&[3.25 * 3.25, 1.75 * 1.75]), Tol { abs: 1e-5, ..exact });
}

/// A generator that ignores w has no path to lengthen, and its gradient is a number all the same.
#[test]
fn flat_generators_have_finite_gradients() {
    let (ws, scale) = (watch(&normal(1, &[2, 2, 3], 1.0)).unwrap(), watch(&vector(&[0.0])).unwrap());
    let samples = ws.sum(1).unwrap().broadcast_mul(&scale).unwrap().reshape((2, 3, 1, 1)).unwrap();
    let mean = Tensor::new(0.5, &device()).unwrap();
    let found = penalty(&samples, &ws, &normal(2, &[2, 3, 1, 1], 1.0), &mean, DECAY).unwrap();
    let slope = grad(&found.penalty, &[&scale], Graph::Discard).unwrap().remove(0);
    assert!(values(&slope)[0].is_finite());
}

#[test]
fn what_does_not_fit_is_refused() {
    let zeros = |dims: &[usize]| Tensor::zeros(dims, DType::F64, &device()).unwrap();
    let mean = zeros(&[]);
    let ws = watch(&zeros(&[2, 3, 4])).unwrap();
    let refusal = |samples: &[usize], ws: &Tensor, y: &[usize], mean: &Tensor, decay: f64| {
        penalty(&zeros(samples), ws, &zeros(y), mean, decay).unwrap_err().to_string()
    };
    let image = [2, 1, 2, 2];
    assert!(refusal(&[2, 3], &ws, &[2, 3], &mean, DECAY).contains("samples has shape [2, 3]"));
    assert!(refusal(&[2, 0, 2, 2], &ws, &[2, 0, 2, 2], &mean, DECAY).contains("none of them 0"));
    for other in [&[3, 3, 4][..], &[2, 4], &[2, 0, 4]] {
        assert!(refusal(&image, &zeros(other), &image, &mean, DECAY).contains("ws has shape"));
    }
    assert!(refusal(&image, &ws, &[2, 1, 2, 1], &mean, DECAY).contains("y has shape"));
    assert!(refusal(&image, &ws, &image, &zeros(&[1]), DECAY).contains("mean has shape"));
    assert!(refusal(&image, &zeros(&[2, 3, 4]), &image, &mean, DECAY).contains("watch"));
    for decay in [-0.1, 1.1, f64::NAN] {
        assert!(refusal(&image, &ws, &image, &mean, decay).contains("path length decay"));
    }
}
