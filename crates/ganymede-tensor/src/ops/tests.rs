mod transformer;
mod window;

use candle_core::{DType, Device, Result, Tensor};

use crate::testing::{Order, Tol, assert_close, gradcheck};
use crate::{
    Rng, add_channel_bias, avg_pool2d, batch_norm, conv2d, l2_norm, leaky_relu, linear, log_sigmoid,
    log_softmax, max_pool2d, pad2d, pad2d_reflect, pixel_shuffle, pixel_unshuffle, relu, sigmoid, softmax,
    softplus, tanh, upsample_bilinear2d, upsample_nearest2d,
};

fn normal(seed: u64, shape: impl Into<candle_core::Shape>) -> Result<Tensor> {
    Rng::new(seed).normal(shape, DType::F64, &Device::Cpu)
}

fn both_orders(f: impl Fn(&[Tensor]) -> Result<Tensor>, inputs: &[Tensor]) -> Result<()> {
    gradcheck(&f, inputs, Order::First)?;
    gradcheck(&f, inputs, Order::Second)
}

type Unary = (&'static str, fn(&Tensor) -> Result<Tensor>);

const SMOOTH: [Unary; 6] = [
    ("softplus", softplus),
    ("log_sigmoid", log_sigmoid),
    ("sigmoid", sigmoid),
    ("tanh", tanh),
    ("softmax", |x| softmax(x, 0)),
    ("log_softmax", |x| log_softmax(x, 0)),
];

#[test]
fn smooth_functions_have_gradients_of_both_orders_at_saturated_logits() -> Result<()> {
    let logits = Tensor::new(&[-100.0f64, -40.0, -3.0, -1e-3, 0.0, 0.5, 7.0, 40.0, 100.0], &Device::Cpu)?;
    // Among saturated logits a softmax is constant; these are not.
    let moderate = Tensor::new(&[0.3f64, -0.7, 1.1], &Device::Cpu)?;
    for (name, f) in SMOOTH {
        // Squared, so that second derivatives are those of a product; and used twice.
        let twice = |x: &[Tensor]| f(&x[0])?.sqr()? + (f(&x[0])? * &x[0])?;
        both_orders(twice, std::slice::from_ref(&moderate)).map_err(|e| e.context(name))?;
        both_orders(twice, std::slice::from_ref(&logits)).map_err(|e| e.context(name))?;
        both_orders(|x| f(&x[0]), &[logits.i_one()?]).map_err(|e| e.context(name))?;
    }
    Ok(())
}

trait One {
    fn i_one(&self) -> Result<Tensor>;
}
impl One for Tensor {
    /// A batch of one.
    fn i_one(&self) -> Result<Tensor> {
        self.narrow(0, 0, 1)
    }
}

#[test]
fn single_precision_stays_finite_and_right_at_any_logit() -> Result<()> {
    let x = Tensor::new(&[-1e4f32, -100.0, -20.0, 0.0, 20.0, 100.0, 1e4], &Device::Cpu)?;
    let expected = [0.0, 3.8e-44, 2.061_153_6e-9, std::f32::consts::LN_2, 20.0, 100.0, 1e4];
    for (got, want) in softplus(&x)?.to_vec1::<f32>()?.into_iter().zip(expected) {
        assert!((got - want).abs() <= 1e-6 * want + 1e-44, "{got} against {want}");
    }
    assert!(log_sigmoid(&x)?.to_vec1::<f32>()?.iter().all(|v| v.is_finite()));
    assert_eq!(sigmoid(&x)?.to_vec1::<f32>()?[0], 0.0);
    let nan = Tensor::new(&[f32::NAN], &Device::Cpu)?;
    for (name, f) in [SMOOTH[0], SMOOTH[2], ("leaky_relu", |x| leaky_relu(x, 0.2)), ("relu", relu)] {
        assert!(f(&nan)?.to_vec1::<f32>()?[0].is_nan(), "{name} hides a NaN");
    }
    Ok(())
}

#[test]
fn kinked_functions_have_gradients_of_both_orders() -> Result<()> {
    let x = normal(1, (2, 3, 4))?;
    both_orders(|x| leaky_relu(&x[0], 0.2)?.mul(&x[0])?.sqr(), std::slice::from_ref(&x))?;
    both_orders(|x| (relu(&x[0])? * &x[0])?.sqr(), &[x])?;
    // At the kink itself: PyTorch's choice.
    let zero = crate::watch(&Tensor::new(&[0.0f64], &Device::Cpu)?)?;
    let slope = crate::grad(&leaky_relu(&zero, 0.2)?, &[&zero], crate::Graph::Discard)?;
    assert_eq!(slope[0].to_vec1::<f64>()?, [0.2]);
    Ok(())
}

#[test]
fn linear_maps_biases_and_norms() -> Result<()> {
    for n in [1, 3] {
        let inputs = [normal(1, (n, 4))?, normal(2, (2, 4))?, normal(3, 2)?];
        both_orders(
            |t| linear(&t[0], &t[1], Some(&t[2]))?.sqr()?.mul(&linear(&t[0], &t[1], None)?),
            &inputs,
        )?;
    }
    let images = [normal(1, (2, 3, 2, 2))?, normal(2, 3)?];
    both_orders(|t| (add_channel_bias(&t[0], &t[1])?.sqr()? * &t[0])?.sqr(), &images)?;
    both_orders(|t| (l2_norm(&t[0], 1e-12)? - 1.0)?.sqr(), &images[..1])?;
    // The gradient at 0 is finite.
    let zero = crate::watch(&Tensor::zeros((2, 3), DType::F64, &Device::Cpu)?)?;
    let g = crate::grad(&l2_norm(&zero, 1e-12)?, &[&zero], crate::Graph::Discard)?;
    assert_eq!(g[0].flatten_all()?.to_vec1::<f64>()?, [0.0; 6]);
    Ok(())
}

#[test]
fn resampling_has_gradients_of_both_orders() -> Result<()> {
    let x = normal(5, (2, 4, 4, 4))?;
    let cases: [Unary; 8] = [
        ("upsample_nearest2d", |x| upsample_nearest2d(x, 2)),
        ("avg_pool2d", |x| avg_pool2d(x, 2)),
        ("max_pool2d", |x| max_pool2d(x, 2)),
        ("upsample_bilinear2d", |x| upsample_bilinear2d(x, [7, 3])),
        ("pad2d", |x| pad2d(x, [1, 0, 2, 1])),
        ("pad2d_reflect", |x| pad2d_reflect(x, [1, 0, 2, 3])),
        ("pixel_shuffle", |x| pixel_shuffle(x, 2)),
        ("pixel_unshuffle", |x| pixel_unshuffle(x, 2)),
    ];
    for (name, f) in cases {
        let cubed = |x: &[Tensor]| f(&x[0])?.sqr()?.mul(&f(&x[0])?);
        for x in [x.clone(), x.narrow(0, 0, 1)?] {
            both_orders(cubed, &[x]).map_err(|e| e.context(name))?;
        }
    }
    Ok(())
}

#[test]
fn a_residual_block_with_upsampling_has_gradients_of_both_orders() -> Result<()> {
    let inputs = [normal(1, (1, 2, 3, 3))?, normal(2, (2, 2, 3, 3))?];
    let same = crate::ConvConfig { padding: [1, 1], ..Default::default() };
    let block = |t: &[Tensor]| {
        let main = conv2d(&upsample_nearest2d(&leaky_relu(&t[0], 0.2)?, 2)?, &t[1], same)?;
        let sum = (main + upsample_nearest2d(&t[0], 2)?)?;
        avg_pool2d(&sum, 2)?.sqr()? + &t[0]
    };
    both_orders(block, &inputs)
}

#[test]
fn resampling_gives_the_values_of_the_definition() -> Result<()> {
    let x = Tensor::arange(0f32, 16.0, &Device::Cpu)?.reshape((1, 1, 4, 4))?;
    let flat = |t: Tensor| t.flatten_all()?.to_vec1::<f32>();
    assert_eq!(flat(avg_pool2d(&x, 2)?)?, [2.5, 4.5, 10.5, 12.5]);
    assert_eq!(flat(max_pool2d(&x, 2)?)?, [5.0, 7.0, 13.0, 15.0]);
    assert_eq!(
        flat(upsample_nearest2d(&x.narrow(2, 0, 1)?, 2)?)?[..10],
        [0., 0., 1., 1., 2., 2., 3., 3., 0., 0.]
    );
    // torch.nn.functional.interpolate(torch.arange(4.).reshape(1,1,2,2), size=(3,3), mode="bilinear")
    let small = Tensor::arange(0f32, 4.0, &Device::Cpu)?.reshape((1, 1, 2, 2))?;
    let got = flat(upsample_bilinear2d(&small, [3, 3])?)?;
    assert_eq!(got, [0.0, 0.5, 1.0, 1.0, 1.5, 2.0, 2.0, 2.5, 3.0]);
    assert_eq!(flat(pad2d_reflect(&small, [1, 0, 0, 1])?)?, [2., 3., 2., 0., 1., 0., 2., 3., 2.]);
    let channels = Tensor::arange(0f32, 8.0, &Device::Cpu)?.reshape((1, 4, 1, 2))?;
    let shuffled = pixel_shuffle(&channels, 2)?;
    assert_eq!(flat(shuffled.clone())?, [0., 2., 1., 3., 4., 6., 5., 7.]);
    assert_close(&pixel_unshuffle(&shuffled, 2)?, &channels, Tol::F32);
    Ok(())
}

#[test]
fn bad_shapes_are_errors() -> Result<()> {
    let x = normal(1, (1, 3, 4, 5))?;
    assert!(avg_pool2d(&x, 2).is_err());
    assert!(max_pool2d(&x, 0).is_err());
    assert!(upsample_nearest2d(&x, 0).is_err());
    assert!(pixel_shuffle(&x, 2).is_err());
    assert!(pixel_unshuffle(&x, 2).is_err());
    assert!(pad2d_reflect(&x, [4, 0, 0, 0]).is_err());
    assert!(linear(&normal(1, (2, 3))?, &normal(1, (2, 4))?, None).is_err());
    assert!(add_channel_bias(&x, &normal(1, 4)?).is_err());
    Ok(())
}

/// The definition, from plain operations.
fn normalized(x: &Tensor, w: &Tensor, b: &Tensor, eps: f64) -> Result<Tensor> {
    let (n, c) = (x.dim(0)?, x.dim(1)?);
    let flat = x.reshape((n, c, ()))?;
    let mean = |t: &Tensor| t.mean_keepdim(2)?.mean_keepdim(0);
    let centred = flat.broadcast_sub(&mean(&flat)?)?;
    let scaled = centred.broadcast_div(&(mean(&centred.sqr()?)? + eps)?.sqrt()?)?;
    scaled.broadcast_mul(&w.reshape((1, c, 1))?)?.broadcast_add(&b.reshape((1, c, 1))?)?.reshape(x.shape())
}

#[test]
fn batch_norm_has_gradients_of_both_orders_through_its_statistics() -> Result<()> {
    for shape in [vec![1usize, 2, 2, 3], vec![3, 2, 2, 2], vec![4, 3]] {
        let c = shape[1];
        let inputs = [normal(1, shape)?, normal(2, c)?, normal(3, c)?];
        let f = |t: &[Tensor]| batch_norm(&t[0], &t[1], &t[2], 1e-5)?.output.sqr()?.mul(&t[0]);
        both_orders(f, &inputs)?;
        let direct = batch_norm(&inputs[0], &inputs[1], &inputs[2], 1e-5)?;
        assert_close(&direct.output, &normalized(&inputs[0], &inputs[1], &inputs[2], 1e-5)?, Tol::F64);
        assert!(!direct.mean.track_op() && !direct.var.track_op());
    }
    assert!(batch_norm(&normal(1, (1, 3))?, &normal(1, 3)?, &normal(1, 3)?, 1e-5).is_err());
    Ok(())
}

#[test]
fn batch_norm_has_gradients_of_the_third_order() -> Result<()> {
    let inputs = [normal(1, (3, 2, 2, 2))?, normal(2, 2)?, normal(3, 2)?];
    let gradients = |t: &[Tensor]| -> Result<Tensor> {
        let t = t.iter().map(crate::watch).collect::<Result<Vec<_>>>()?;
        let y = batch_norm(&t[0], &t[1], &t[2], 1e-5)?.output;
        let g = crate::grad(&(y.sqr()? * &y)?, &[&t[0], &t[1]], crate::Graph::Create)?;
        let of_w = g[1].sqr()?.sum_all()?;
        g[0].sqr()?.broadcast_add(&of_w)
    };
    gradcheck(gradients, &inputs, Order::Second)
}

#[test]
fn batch_norm_in_single_precision_over_large_planes_keeps_its_accuracy() -> Result<()> {
    // A large mean, where one pass (E[x²] − E[x]²) would lose everything.
    let x = (normal(1, (16, 5, 33, 31))? + 100.0)?;
    let (w, b) = (normal(2, 5)?, normal(3, 5)?);
    let run = |dtype: DType| -> Result<[Tensor; 4]> {
        let leaf = |t: &Tensor| crate::watch(&t.to_dtype(dtype)?);
        let (x, w, b) = (leaf(&x.to_dtype(DType::F32)?)?, leaf(&w)?, leaf(&b)?);
        let y = batch_norm(&x, &w, &b, 1e-5)?.output;
        let loss = (&y * normal(9, y.shape())?.to_dtype(dtype)?)?;
        let mut g = crate::grad(&loss, &[&x, &w, &b], crate::Graph::Discard)?;
        let [b, w, x] = [g.remove(2), g.remove(1), g.remove(0)];
        Ok([y.detach(), x, w, b].map(|t| t.to_dtype(DType::F64).expect("a float")))
    };
    for (single, double) in run(DType::F32)?.iter().zip(&run(DType::F64)?) {
        assert_close(single, double, Tol { rel: 1e-4, abs: 1e-4 });
    }
    Ok(())
}

fn f64s(seed: u64, shape: &[usize]) -> Result<Tensor> {
    Rng::new(seed).normal(shape, DType::F64, &Device::Cpu)
}

/// A convolution in either direction, its image and its weight.
fn products() -> Result<[(crate::ConvProduct, Tensor, Tensor); 2]> {
    let cfg = crate::ConvConfig { stride: [2, 2], padding: [1, 1], ..Default::default() };
    Ok([
        (crate::ConvProduct::Conv2d(cfg), f64s(1, &[4, 3, 5, 4])?, f64s(2, &[2, 3, 3, 3])?),
        (crate::ConvProduct::Transposed(cfg, [1, 0]), f64s(1, &[3, 2, 3, 2])?, f64s(2, &[2, 4, 3, 3])?),
    ])
}

#[test]
fn bias_and_activation_of_a_convolution_are_the_composition_to_both_orders() -> Result<()> {
    for (of, x, w) in products()? {
        let bias = f64s(3, &[of.shape(&x, &w)?[1]])?;
        for act in [
            crate::BiasAct::leaky(1.0),
            crate::BiasAct::leaky(0.2),
            crate::BiasAct { slope: 0.2, gain: 1.5, clamp: Some(4.0) },
        ] {
            let fused = |t: &[Tensor]| crate::conv_bias_act(of, [&t[0], &t[1]], t.get(2), act);
            let inputs = [x.clone(), w.clone(), bias.clone()];
            let y = of.apply(&x, &w)?;
            assert_close(&fused(&inputs)?, &crate::bias_act(&y, &bias, act)?, Tol::F64);
            assert_close(&fused(&inputs[..2])?, &crate::bias_act(&y, &bias.zeros_like()?, act)?, Tol::F64);
            for order in [Order::First, Order::Second] {
                gradcheck(|t| fused(t)?.sqr(), &inputs, order)?;
                gradcheck(|t| fused(t)?.sqr(), &inputs[..2], order)?;
                // Frozen weights, as those of the discriminator in the generator's turn.
                gradcheck(|t| fused(&[t[0].clone(), w.clone(), bias.clone()])?.sqr(), &inputs[..1], order)?;
            }
        }
        let linear = crate::BiasAct::leaky(1.0);
        assert!(crate::conv_bias_act(of, [&x, &w], Some(&x), linear).is_err());
        assert!(crate::conv_bias_act(of, [&x, &bias], None, linear).is_err());
        assert!(crate::conv_bias_act(of, [&x, &w], None, crate::BiasAct::leaky(-1.0)).is_err());
    }
    Ok(())
}

#[test]
fn batch_norm_of_a_convolution_is_the_composition_to_both_orders() -> Result<()> {
    for (of, x, w) in products()? {
        let c = of.shape(&x, &w)?[1];
        let (gain, shift) = (f64s(3, &[c])?, f64s(4, &[c])?);
        for slope in [0.0, 0.2, 1.0] {
            let fused = |t: &[Tensor]| {
                crate::conv_batch_norm_leaky_relu(of, [&t[0], &t[1]], [&t[2], &t[3]], 1e-5, slope)
            };
            let inputs = [x.clone(), w.clone(), gain.clone(), shift.clone()];
            let (found, y) = (fused(&inputs)?, of.apply(&x, &w)?);
            assert_eq!(y.dims(), of.shape(&x, &w)?);
            let expected = crate::batch_norm_leaky_relu(&y, &gain, &shift, 1e-5, slope)?;
            for (found, expected) in [
                (&found.output, &expected.output),
                (&found.mean, &expected.mean),
                (&found.var, &expected.var),
            ] {
                assert_close(found, expected, Tol::F64);
            }
            for order in [Order::First, Order::Second] {
                gradcheck(|t| fused(t)?.output.sqr(), &inputs, order)?;
            }
            // Frozen operands, as those of the discriminator in the generator's turn.
            gradcheck(
                |t| fused(&[t[0].clone(), w.clone(), gain.clone(), shift.clone()])?.output.sqr(),
                &inputs[..1],
                Order::Second,
            )?;
            gradcheck(
                |t| fused(&[x.clone(), w.clone(), t[0].clone(), shift.clone()])?.output.sqr(),
                &inputs[2..3],
                Order::Second,
            )?;
        }
        assert!(
            crate::conv_batch_norm_leaky_relu(of, [&x, &w], [&gain, &shift], 1e-5, f64::NAN).is_err()
                && crate::conv_batch_norm_leaky_relu(of, [&x, &gain], [&gain, &shift], 1e-5, 0.0).is_err()
        );
    }
    Ok(())
}

#[test]
fn fused_activations_are_the_composition_to_both_orders() -> Result<()> {
    let (x, w, b) = (f64s(1, &[3, 4, 2, 2])?, f64s(2, &[4])?, f64s(3, &[4])?);
    for slope in [0.0, 0.2, 1.0] {
        let composed = crate::leaky_relu(&crate::batch_norm(&x, &w, &b, 1e-5)?.output, slope)?;
        let fused = crate::batch_norm_leaky_relu(&x, &w, &b, 1e-5, slope)?.output;
        assert_close(&fused, &composed, Tol::F64);
        let composed = crate::leaky_relu(&crate::add_channel_bias(&x, &b)?, slope)?;
        assert_close(&crate::add_channel_bias_leaky_relu(&x, &b, slope)?, &composed, Tol::F64);
        for order in [Order::First, Order::Second] {
            let inputs = [x.clone(), w.clone(), b.clone()];
            let norm = |t: &[Tensor]| crate::batch_norm_leaky_relu(&t[0], &t[1], &t[2], 1e-5, slope);
            gradcheck(|t| norm(t)?.output.sqr(), &inputs, order)?;
            let bias = |t: &[Tensor]| crate::add_channel_bias_leaky_relu(&t[0], &t[1], slope);
            gradcheck(|t| bias(t)?.sqr()? + t[0].sqr()?, &[x.clone(), b.clone()], order)?;
        }
    }
    assert!(crate::add_channel_bias_leaky_relu(&x, &b, -0.1).is_err());
    let good = crate::BiasAct { slope: 0.2, gain: 1.0, clamp: Some(1.0) };
    assert!(crate::bias_act(&x, &b, good).is_ok());
    for bad in [
        crate::BiasAct { slope: -1.0, ..good },
        crate::BiasAct { gain: 0.0, ..good },
        crate::BiasAct { gain: f64::INFINITY, ..good },
        crate::BiasAct { clamp: Some(-1.0), ..good },
        crate::BiasAct { clamp: Some(f64::NAN), ..good },
    ] {
        assert!(crate::bias_act(&x, &b, bad).is_err(), "{bad:?}");
    }
    assert!(crate::batch_norm_leaky_relu(&x, &w, &b, 1e-5, f64::NAN).is_err());
    Ok(())
}
