use super::*;
use crate::testing::{Order, Tol, assert_close, gradcheck};
use crate::{ConvConfig, Init, Params, Rng, conv2d, l2_norm, leaky_relu};

fn leaf(values: &[f64]) -> Result<Tensor> {
    watch(&Tensor::new(values, &Device::Cpu)?)
}

fn normal(seed: u64, shape: impl Into<candle_core::Shape>) -> Result<Tensor> {
    Rng::new(seed).normal(shape, DType::F64, &Device::Cpu)
}

#[test]
fn the_third_derivative_of_a_fourth_power() -> Result<()> {
    let x = leaf(&[1.0, -2.0])?;
    let y = x.sqr()?.sqr()?;
    let first = grad(&y, &[&x], Graph::Create)?.remove(0);
    let second = grad(&first, &[&x], Graph::Create)?.remove(0);
    let third = grad(&second, &[&x], Graph::Discard)?.remove(0);
    assert_eq!(third.to_vec1::<f64>()?, [24.0, -48.0]);
    Ok(())
}

#[test]
fn discarded_gradients_hold_no_graph() -> Result<()> {
    let x = leaf(&[3.0])?;
    let g = grad(&(&x * &x)?, &[&x], Graph::Discard)?.remove(0);
    assert!(!g.track_op());
    let g = grad(&(&x * &x)?, &[&x], Graph::Create)?.remove(0);
    assert!(g.track_op());
    Ok(())
}

#[test]
fn a_plain_tensor_is_refused_and_an_unreached_one_has_gradient_zero() -> Result<()> {
    let (x, other) = (leaf(&[1.0, 2.0])?, leaf(&[5.0])?);
    let y = x.sqr()?;
    let plain = Tensor::new(&[1.0f64], &Device::Cpu)?;
    let error = grad(&y, &[&plain], Graph::Discard).expect_err("not watched").to_string();
    assert!(error.contains("watch"), "{error}");
    for graph in [Graph::Discard, Graph::Create] {
        let g = grad(&y, &[&other, &x, &x], graph)?;
        assert_eq!(g[0].to_vec1::<f64>()?, [0.0]);
        assert_eq!(g[1].to_vec1::<f64>()?, [2.0, 4.0]);
        assert_eq!(g[2].to_vec1::<f64>()?, [2.0, 4.0], "an input may be asked for twice");
    }
    // An output that depends on nothing.
    assert_eq!(grad(&plain, &[&x], Graph::Discard)?[0].to_vec1::<f64>()?, [0.0, 0.0]);
    Ok(())
}

#[test]
fn a_watched_point_inside_a_graph_has_a_gradient_and_lets_it_pass() -> Result<()> {
    let x = leaf(&[1.0, 2.0])?;
    let middle = watch(&x.sqr()?)?;
    let y = (middle.sqr()? * &x)?;
    // y = m²·x: dy/dm = 2·m·x, dy/dx = m² + 2·m·x·2x = 5x⁴.
    let g = grad(&y, &[&middle, &x], Graph::Create)?;
    assert_eq!(g[0].to_vec1::<f64>()?, [2.0, 16.0]);
    assert_eq!(g[1].to_vec1::<f64>()?, [5.0, 80.0]);
    // d/dx of dy/dm = 2·x³ is 6x².
    let second = grad(&g[0], &[&x], Graph::Discard)?;
    assert_eq!(second[0].to_vec1::<f64>()?, [6.0, 24.0]);
    let y_alone = grad(&middle, &[&middle], Graph::Discard)?;
    assert_eq!(y_alone[0].to_vec1::<f64>()?, [1.0, 1.0]);
    Ok(())
}

#[test]
fn dropped_watched_tensors_are_forgotten() -> Result<()> {
    let x = leaf(&[1.0])?;
    let middle = watch(&x.sqr()?)?;
    assert!(tap::tap_of(&middle).is_some());
    let id = middle.clone();
    drop(middle);
    assert!(tap::tap_of(&id).is_some(), "a clone keeps it");
    let probe = id.id();
    drop(id);
    assert!(!tap::is_known(probe));
    Ok(())
}

/// A two-layer convolutional critic and its gradient penalty, in all weights.
fn penalty(inputs: &[Tensor]) -> Result<Tensor> {
    let [x, w1, w2] = inputs else { bail!("three inputs") };
    let x = watch(x)?;
    let cfg = ConvConfig { stride: [2, 2], padding: [1, 1], ..Default::default() };
    let hidden = leaky_relu(&conv2d(&x, w1, cfg)?, 0.2)?;
    let scores = (conv2d(&hidden, w2, ConvConfig::default())?.sqr()? * 0.5)?.sum((1, 2, 3))?;
    let g = grad(&scores, &[&x], Graph::Create)?.remove(0);
    (l2_norm(&g, 1e-12)? - 1.0)?.sqr()
}

#[test]
fn a_gradient_penalty_has_the_gradients_of_finite_differences() -> Result<()> {
    for batch in [1, 3] {
        let inputs = [normal(1, (batch, 2, 6, 6))?, normal(2, (3, 2, 4, 4))?, normal(3, (1, 3, 2, 2))?];
        gradcheck(penalty, &inputs, Order::First)?;
    }
    Ok(())
}

/// Kernels of a backward pass are in parts, and a thread that waits for one may take up another of these tasks meanwhile.
#[test]
fn threads_of_the_pool_and_many_others_may_ask_at_once() -> Result<()> {
    use rayon::prelude::*;
    let ask = |i: u64| -> Result<()> {
        let inputs = [normal(i, (8, 4, 16, 16))?, normal(2, (8, 4, 4, 4))?, normal(3, (4, 8, 2, 2))?];
        let leaves = inputs.iter().map(watch).collect::<Result<Vec<_>>>()?;
        let g = grad(&penalty(&leaves)?, &[&leaves[1]], Graph::Discard)?;
        assert_eq!(g[0].dims(), [8, 4, 4, 4]);
        Ok(())
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (0..2).map(|i| scope.spawn(move || (0..50).try_for_each(|_| ask(i)))).collect();
        for _ in 0..50 {
            (0..4).into_par_iter().try_for_each(ask)?;
        }
        others.into_iter().try_for_each(|other| other.join().expect("no panic"))
    })
}

#[test]
fn threads_that_keep_graphs_get_gradients_without_one() -> Result<()> {
    // This thread is of the other kind: its gradients come from a worker.
    let work = || -> Result<()> {
        ROLE.set(Some(Graph::Create));
        let x = leaf(&[3.0])?;
        let g = grad(&(&x * &x)?, &[&x], Graph::Discard)?.remove(0);
        assert_eq!((g.to_vec1::<f64>()?, g.track_op()), (vec![6.0], false));
        Ok(())
    };
    std::thread::spawn(work).join().expect("no panic")?;
    assert_eq!(std::thread::spawn(role).join().expect("no panic"), Graph::Discard);
    Ok(())
}

#[test]
fn weights_that_nobody_asked_for_cost_nothing() -> Result<()> {
    let (x, w) = (watch(&normal(1, (2, 2, 6, 6))?)?, watch(&normal(2, (3, 2, 3, 3))?)?);
    let y = conv2d(&x, &w, ConvConfig::default())?.sqr()?;
    for graph in [Graph::Discard, Graph::Create] {
        let mut found = run(graph, &y, Asked::of(&[&x], &[None]))?;
        assert!(found.take(&w, None).is_none() && found.take(&x, None).is_some());
    }
    // Nor does a multiple of a parameter.
    let params = Params::new();
    let builder = params.builder(Rng::new(3), DType::F64, &Device::Cpu);
    let param = builder.param("w", (3, 2, 3, 3), Init::Ones)?;
    for graph in [Graph::Discard, Graph::Create] {
        let scaled = scaled_param(&param, 0.5)?;
        let y = conv2d(&x, &scaled, ConvConfig::default())?.sqr()?;
        let of = |inputs: &[&Tensor]| run(graph, &y, Asked::of(inputs, &vec![None; inputs.len()]));
        let w = param.get();
        let unasked = of(&[&x])?.take(&w, None).expect("candle gives it, whatever it is");
        assert_eq!(unasked.abs()?.sum_all()?.to_scalar::<f64>()?, 0.0);
        let found = grad(&y, &[&w, &w], Graph::Discard)?;
        let by_hand = conv2d(&x, &(&w.detach() * 0.5)?, ConvConfig::default())?.sqr()?.sum_all()?;
        // Of degree 2 in the weight: w · dy/dw = 2y.
        assert_close(&(w.detach() * &found[0])?.sum_all()?, &(by_hand * 2.0)?, Tol::F64);
        assert!(of(&[&x, &w])?.take(&w, None).is_some());
        drop(y);
        assert!(scaled::source_of(&scaled).is_some());
    }
    // A frozen one has no graph, and a bound one that of its value.
    let frozen = params.freeze();
    assert!(!scaled_param(&param, 0.5)?.track_op());
    drop(frozen);
    let value = leaf(&[2.0])?;
    let bound = params.bind(&[value.broadcast_as((3, 2, 3, 3))?.contiguous()?])?;
    let y = conv2d(&x, &scaled_param(&param, 0.5)?, ConvConfig::default())?.sqr()?;
    assert!(grad(&y, &[&value], Graph::Discard)?[0].abs()?.sum_all()?.to_scalar::<f64>()? > 0.0);
    drop(bound);
    // A weight that is no variable passes its gradient on.
    let scale = leaf(&[2.0])?;
    let scaled = w.detach().broadcast_mul(&scale.reshape((1, 1, 1, 1))?)?;
    let y = conv2d(&x, &scaled, ConvConfig::default())?;
    assert!(grad(&y, &[&scale], Graph::Discard)?[0].abs()?.sum_all()?.to_scalar::<f64>()? > 0.0);
    Ok(())
}

#[test]
fn a_very_deep_graph_does_not_overflow_the_stack() -> Result<()> {
    // Building and dropping recurse as well, in the caller's thread; this one has room.
    let work = || -> Result<f64> {
        let x = leaf(&[1.0])?;
        let mut y = x.clone();
        for _ in 0..20_000 {
            y = (&y + &x)?;
        }
        grad(&y, &[&x], Graph::Discard)?[0].get(0)?.to_scalar::<f64>()
    };
    let thread =
        std::thread::Builder::new().stack_size(1 << 28).spawn(work).map_err(candle_core::Error::wrap)?;
    assert_eq!(thread.join().expect("no overflow")?, 20_001.0);
    Ok(())
}

// What follows watches faults of candle itself. When one of these tests fails, the fault is mended
// upstream and its workaround can go.

#[test]
fn upstream_second_order_gradients_are_still_wrong_without_our_threads() -> Result<()> {
    let work = || -> Result<Option<f64>> {
        let x = Var::new(2.0f64, &Device::Cpu)?;
        let cube = x.mul(&x)?.mul(&x)?;
        let first = cube.backward()?.remove(&x).expect("x has a gradient");
        first.backward()?.remove(&x).map(|g| g.to_scalar::<f64>()).transpose()
    };
    // A thread of its own: the setting latches at a thread's first backward pass.
    let second = std::thread::spawn(work).join().expect("no panic")?;
    assert_ne!(second, Some(12.0), "candle mends second derivatives: simplify autograd.rs");
    Ok(())
}

#[test]
fn upstream_gradients_still_carry_a_graph_when_detached() -> Result<()> {
    let x = Var::new(2.0f64, &Device::Cpu)?;
    let g = x.mul(&x)?.backward()?.remove(&x).expect("x has a gradient");
    assert!(g.track_op(), "candle detaches its gradients: `grad` need not");
    Ok(())
}

#[test]
fn upstream_upsampling_still_overwrites_gradients() -> Result<()> {
    let x = Var::ones((1, 1, 1, 1), DType::F64, &Device::Cpu)?;
    // The shortcut reaches x first in the walk, so that the upsampling overwrites its share.
    let wrong = [
        (x.upsample_nearest2d(2, 2)?.sum_all()? + (x.sum_all()? * 2.0)?)?,
        ((x.sum_all()? * 2.0)? + x.upsample_nearest2d(2, 2)?.sum_all()?)?,
    ]
    .iter()
    .map(|y| y.backward()?.get(&x).expect("x has a gradient").flatten_all()?.get(0)?.to_scalar::<f64>())
    .collect::<Result<Vec<_>>>()?;
    assert!(wrong.iter().any(|g| *g != 6.0), "candle mends upsampling: {wrong:?}");
    let exact = |x: &[Tensor]| crate::upsample_nearest2d(&x[0], 2)?.sum_all()? + (x[0].sum_all()? * 2.0)?;
    let x = watch(x.as_tensor())?;
    let g = grad(&exact(std::slice::from_ref(&x))?, &[&x], Graph::Discard)?.remove(0);
    assert_close(&g, &Tensor::full(6.0f64, (1, 1, 1, 1), &Device::Cpu)?, Tol::F64);
    Ok(())
}

#[test]
fn upstream_max_pooling_is_still_too_small() -> Result<()> {
    let x = Var::new(&[[[[1.0f64, 2.0], [3.0, 4.0]]]], &Device::Cpu)?;
    let g = x.max_pool2d(2)?.sum_all()?.backward()?;
    let g = g.get(&x).expect("x has a gradient").sum_all()?.to_scalar::<f64>()?;
    assert_ne!(g, 1.0, "candle mends max pooling");
    Ok(())
}

#[test]
fn upstream_losses_still_overflow() -> Result<()> {
    let (logits, target) = (Tensor::new(&[-120.0f32], &Device::Cpu)?, Tensor::new(&[1.0f32], &Device::Cpu)?);
    let loss = candle_nn::loss::binary_cross_entropy_with_logit(&logits, &target)?.to_scalar::<f32>()?;
    assert!(!loss.is_finite(), "candle mends its cross entropy: {loss}");
    Ok(())
}

#[test]
fn upstream_cpu_generator_still_cannot_be_seeded() {
    assert!(Device::Cpu.set_seed(1).is_err(), "candle seeds its generator");
}

#[test]
fn upstream_softmax_last_dim_still_has_no_gradient() -> Result<()> {
    let x = Var::new(&[[1.0f64, 2.0]], &Device::Cpu)?;
    assert!(!candle_nn::ops::softmax_last_dim(&x)?.track_op(), "candle tracks softmax_last_dim");
    Ok(())
}
