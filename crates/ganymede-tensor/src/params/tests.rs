use candle_core::Shape;

use super::*;
use crate::{Graph, grad};

fn small(params: &Params) -> Result<(Param, Buffer)> {
    let b = params.builder(Rng::new(0), DType::F32, &Device::Cpu);
    let w = b.pp("a").param("weight", (2, 3), Init::Normal { mean: 0.0, std: 1.0 })?;
    let u = b.pp("a").buffer("u", &Tensor::ones(2, DType::F32, &Device::Cpu)?)?;
    Ok((w, u))
}

#[test]
fn names_are_paths_and_unique() -> Result<()> {
    let params = Params::new();
    let (w, u) = small(&params)?;
    assert_eq!((w.name(), u.name()), ("a.weight", "a.u"));
    let again = params.builder(Rng::new(0), DType::F32, &Device::Cpu).pp("a").param("u", 3, Init::Zeros);
    assert!(again.expect_err("the name is taken").to_string().contains("a.u"));
    assert_eq!(params.num_elements(), 6);
    Ok(())
}

#[test]
fn frozen_parameters_get_no_gradient_and_keep_no_graph() -> Result<()> {
    let params = Params::new();
    let (w, _) = small(&params)?;
    let outer = params.freeze();
    {
        let _inner = params.freeze();
        assert!(!w.get().sqr()?.track_op());
    }
    assert!(!w.get().sqr()?.track_op(), "an inner guard must not thaw the outer one");
    drop(outer);
    let y = w.get().sqr()?.sum_all()?;
    let g = grad(&y, &[&w.get()], Graph::Discard)?;
    crate::testing::assert_close(&g[0], &w.get().affine(2.0, 0.0)?, crate::testing::Tol::F32);
    Ok(())
}

#[test]
fn a_state_dict_goes_round() -> std::result::Result<(), LoadError> {
    let (a, b) = (Params::new(), Params::new());
    small(&a)?;
    let (w, u) = small(&b)?;
    w.set(&Tensor::zeros((2, 3), DType::F32, &Device::Cpu)?)?;
    u.set(&Tensor::zeros(2, DType::F32, &Device::Cpu)?)?;
    b.load_state_dict(&a.state_dict())?;
    let (a, b) = (a.state_dict(), b.state_dict());
    assert_eq!(a["a.weight"].to_vec2::<f32>()?, b["a.weight"].to_vec2::<f32>()?);
    assert_eq!(a["a.u"].to_vec1::<f32>()?, b["a.u"].to_vec1::<f32>()?);
    Ok(())
}

#[test]
fn a_misfit_lists_everything_and_changes_nothing() -> Result<()> {
    let params = Params::new();
    let (w, _) = small(&params)?;
    let before = w.get().to_vec2::<f32>()?;
    let zeros = Tensor::zeros((3, 2), DType::F32, &Device::Cpu)?;
    let state = BTreeMap::from([("a.weight".to_string(), zeros.clone()), ("b".to_string(), zeros)]);
    let error = params.load_state_dict(&state).expect_err("nothing fits").to_string();
    for part in ["missing: a.u", "unexpected: b", "a.weight: model [2, 3], file [3, 2]"] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(before, w.get().to_vec2::<f32>()?);
    Ok(())
}

#[test]
fn orthogonal_weights_are_orthogonal() -> Result<()> {
    for shape in [vec![4usize, 2, 3], vec![9, 4], vec![3, 3]] {
        let w = Init::Orthogonal { gain: 2.0 }.draw(
            &shape.clone().into(),
            &mut Rng::new(1),
            DType::F64,
            &Device::Cpu,
        )?;
        let m = w.flatten_from(1)?;
        let gram =
            if m.dim(0)? <= m.dim(1)? { m.matmul(&m.t()?)? } else { m.t()?.contiguous()?.matmul(&m)? };
        let n = gram.dim(0)?;
        let expected = Tensor::eye(n, DType::F64, &Device::Cpu)?.affine(4.0, 0.0)?;
        crate::testing::assert_close(&gram, &expected, crate::testing::Tol { rel: 1e-12, abs: 1e-12 });
    }
    Ok(())
}

#[test]
fn each_init_has_the_spread_that_it_promises() -> Result<()> {
    let shape: Shape = (64, 32, 3, 3).into();
    let cases = [
        (Init::FanInUniform, 1.0 / (288.0f64 * 3.0).sqrt()),
        (Init::KaimingNormal { gain: 2f64.sqrt() }, (2.0f64 / 288.0).sqrt()),
        (Init::XavierUniform { gain: 1.0 }, (2.0f64 / (288.0 + 576.0)).sqrt()),
        (Init::XavierNormal { gain: 1.0 }, (2.0f64 / (288.0 + 576.0)).sqrt()),
        (Init::Normal { mean: 0.0, std: 0.02 }, 0.02),
        (Init::Uniform { lo: -0.3, hi: 0.3 }, 0.3 / 3f64.sqrt()),
        // The standard deviation of N(0, 1) cut at ±2.
        (Init::TruncatedNormal { std: 0.1 }, 0.1 * 0.879_625_662_6),
    ];
    for (init, expected) in cases {
        let v =
            init.draw(&shape, &mut Rng::new(2), DType::F64, &Device::Cpu)?.flatten_all()?.to_vec1::<f64>()?;
        let std = (v.iter().map(|x| x * x).sum::<f64>() / v.len() as f64).sqrt();
        assert!((std / expected - 1.0).abs() < 0.03, "{init:?}: {std} against {expected}");
    }
    Ok(())
}

#[test]
fn bound_values_stand_in_for_the_parameters_until_the_guard_drops() -> Result<()> {
    let params = Params::new();
    let (w, u) = small(&params)?;
    let (own, buffer) = (w.get().to_vec2::<f32>()?, u.get().to_vec1::<f32>()?);
    let value = |v: f32| Tensor::full(v, (2, 3), &Device::Cpu);
    let seen = || w.get().flatten_all()?.to_vec1::<f32>().map(|v| v[0]);
    let outer = params.bind(&[value(1.0)?])?;
    let inner = params.bind(&[value(2.0)?])?;
    assert_eq!(std::thread::scope(|s| s.spawn(seen).join()).expect("a thread")?, 2.0, "on all threads");
    // Guards may go in any order.
    drop(outer);
    assert_eq!(seen()?, 2.0);
    let outer = params.bind(&[value(3.0)?])?;
    assert_eq!(seen()?, 3.0);
    drop(outer);
    assert_eq!(seen()?, 2.0);
    // An update of the parameter itself does not show, and is there afterwards.
    w.set(&value(5.0)?)?;
    assert_eq!((seen()?, params.snapshot()?[0].to_vec2::<f32>()?[0][0]), (2.0, 5.0));
    drop(inner);
    assert_eq!(seen()?, 5.0);
    w.set(&Tensor::new(own, &Device::Cpu)?)?;
    assert_eq!(u.get().to_vec1::<f32>()?, buffer);
    Ok(())
}

#[test]
fn gradients_flow_into_what_is_bound_unless_frozen() -> Result<()> {
    let params = Params::new();
    let (w, _) = small(&params)?;
    let x = crate::watch(&Tensor::full(2f32, (2, 3), &Device::Cpu)?)?;
    let _bound = params.bind(&[x.sqr()?])?;
    let g = grad(&w.get().sqr()?, &[&x], Graph::Create)?.remove(0);
    assert_eq!(g.to_vec2::<f32>()?[0][0], 32.0, "4·2³");
    assert_eq!(grad(&g, &[&x], Graph::Discard)?[0].to_vec2::<f32>()?[0][0], 48.0, "12·2²");
    let _frozen = params.freeze();
    assert!(!w.get().track_op());
    Ok(())
}

#[test]
fn what_does_not_fit_is_not_bound() -> Result<()> {
    let params = Params::new();
    let (w, _) = small(&params)?;
    let own = w.get().to_vec2::<f32>()?;
    let cpu = Device::Cpu;
    let misfits = [
        vec![],
        vec![Tensor::zeros((3, 2), DType::F32, &cpu)?],
        vec![Tensor::zeros((2, 3), DType::F64, &cpu)?],
        vec![Tensor::zeros((2, 3), DType::F32, &cpu)?; 2],
    ];
    for values in misfits {
        assert!(params.bind(&values).is_err() && params.restore(&values).is_err());
    }
    assert_eq!(w.get().to_vec2::<f32>()?, own);
    Ok(())
}

#[test]
fn a_snapshot_lasts_and_is_restored() -> Result<()> {
    let params = Params::new();
    let (w, _) = small(&params)?;
    let (own, snapshot) = (w.get().to_vec2::<f32>()?, params.snapshot()?);
    w.set(&Tensor::zeros((2, 3), DType::F32, &Device::Cpu)?)?;
    params.restore(&snapshot)?;
    assert_eq!(w.get().to_vec2::<f32>()?, own);
    // A value that shares the parameter's own memory.
    params.restore(&[w.get()])?;
    assert_eq!(w.get().to_vec2::<f32>()?, own);
    Ok(())
}

/// An ensemble's guards reach its members, and those of its members' members.
#[test]
fn what_was_taken_in_is_shared() -> Result<()> {
    let (one, pair, all) = (Params::new(), Params::new(), Params::new());
    let (w, u) = small(&one)?;
    pair.take_in("0", &one)?;
    all.take_in("members.1", &pair)?;
    assert_eq!(all.params()[0].name(), "members.1.0.a.weight");
    assert_eq!(all.buffers()[0].name(), "members.1.0.a.u");
    assert_eq!(w.name(), "a.weight");
    let frozen = all.freeze();
    assert!(!w.get().track_op());
    let inner = pair.freeze();
    drop(frozen);
    assert!(!w.get().track_op(), "the guard of the pair holds");
    drop(inner);
    assert!(w.get().track_op());

    let threes = Tensor::full(3f32, (2, 3), &Device::Cpu)?;
    let bound = all.bind(std::slice::from_ref(&threes))?;
    assert_eq!(w.get().to_vec2::<f32>()?, threes.to_vec2::<f32>()?);
    drop(bound);
    all.restore(std::slice::from_ref(&threes))?;
    all.buffers()[0].set(&Tensor::zeros(2, DType::F32, &Device::Cpu)?)?;
    assert_eq!(w.get().to_vec2::<f32>()?, threes.to_vec2::<f32>()?);
    assert_eq!(u.get().to_vec1::<f32>()?, [0.0, 0.0]);
    let taken = all.take_in("members.1", &pair).expect_err("the names are taken").to_string();
    assert!(taken.contains("members.1.0.a.weight") && all.params().len() == 1, "{taken}");
    Ok(())
}
