//! Training that is broken off goes on bit for bit: parameters, buffers and the optimiser's state are all there is.

use ganymede_tensor::{Optimizer, OptimizerConfig};

use super::*;

/// One update, from an input of its own, of the mean square of the output less 1.
fn step(
    params: &Params,
    optimizer: &mut Optimizer,
    forward: &dyn Fn(&Tensor, Mode) -> Result<Tensor>,
    shape: &[usize],
    number: u64,
) -> Result<()> {
    let shape: Vec<usize> = std::iter::once(3).chain(shape.iter().copied()).collect();
    let x = Rng::stream(number, "step").normal(shape, DType::F32, &device())?;
    let loss = (forward(&x, TRAIN)? - 1.0)?.sqr()?.mean_all()?;
    let values: Vec<Tensor> = params.params().iter().map(|param| param.get()).collect();
    optimizer.step(&grad(&loss, &values.iter().collect::<Vec<_>>(), Graph::Discard)?)
}

/// Copies of named tensors: what a file would hold.
fn saved(state: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
    state.into_iter().map(|(name, tensor)| Ok((name, tensor.copy()?))).collect()
}

fn check(network: &Network, what: &str) -> Result<()> {
    let rule = OptimizerConfig::Adam { lr: 1e-2, beta1: 0.5, beta2: 0.9, eps: 1e-8, weight_decay: 0.0 };
    let mut optimizer = Optimizer::new(rule, network.params.params())?;
    let shape = network.input_shape.as_slice();
    for number in 0..3 {
        step(network.params, &mut optimizer, network.forward, shape, number)?;
    }
    let (state, moments) = (saved(network.params.state_dict())?, saved(optimizer.state_dict()?)?);
    step(network.params, &mut optimizer, network.forward, shape, 3)?;

    network.twin.load_state_dict(&state).unwrap();
    let mut resumed = Optimizer::new(rule, network.twin.params())?;
    resumed.load_state_dict(&moments)?;
    step(network.twin, &mut resumed, network.forward_twin, shape, 3)?;
    assert_eq!(snapshot(network.twin), snapshot(network.params), "{what}");
    let [one, other] = [optimizer.state_dict()?, resumed.state_dict()?];
    for (name, tensor) in &one {
        let all = |t: &Tensor| t.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>();
        assert_eq!(all(tensor)?, all(&other[name])?, "{name} of {what}");
    }
    Ok(())
}

#[test]
fn of_generators() {
    each_generator(|spec, _, network| check(network, &format!("{spec:?}")).unwrap());
}

#[test]
fn of_discriminators() {
    each_discriminator(|spec, _, network| check(network, &format!("{spec:?}")).unwrap());
}
