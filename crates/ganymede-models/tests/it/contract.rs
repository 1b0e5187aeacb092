//! What every model of the tables promises: here in f32, in [`derivatives`] in f64 and of its derivatives, in [`resume`]
//! of training that is broken off, in [`growth`] at each stage of networks that grow.

use std::collections::{BTreeMap, BTreeSet};

use ganymede_models::{
    Condition, ConditionShape, DISCRIMINATORS, Discriminator, DiscriminatorInput, DiscriminatorSpec,
    GENERATORS, Generator, GeneratorInput, GeneratorSpec, Io, Latents, Mode,
};
use ganymede_tensor::testing::{Tol, assert_close, device};
use ganymede_tensor::{DType, Graph, Params, Result, Rng, Tensor, grad};

use crate::support::{randomise, snapshot};

mod derivatives;
mod growth;
mod resume;

const TRAIN: Mode = Mode::Train { update_stats: true };
const STILL: Mode = Mode::Train { update_stats: false };

/// The examples of every generator of the table.
fn generators_of_the_table() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    GENERATORS.iter().flat_map(|kind| (kind.examples)()).collect()
}

/// The examples of every discriminator of the table.
fn discriminators_of_the_table() -> Vec<(Box<dyn DiscriminatorSpec>, Io)> {
    DISCRIMINATORS.iter().flat_map(|kind| (kind.examples)()).collect()
}

fn generator((spec, io): &(Box<dyn GeneratorSpec>, Io), seed: u64) -> Box<dyn Generator> {
    spec.build(io, Rng::stream(seed, "generator"), DType::F32, &device()).unwrap()
}

fn discriminator((spec, io): &(Box<dyn DiscriminatorSpec>, Io), seed: u64) -> Box<dyn Discriminator> {
    spec.build(io, Rng::stream(seed, "discriminator"), DType::F32, &device()).unwrap()
}

/// What a batch of `n` is conditioned on.
fn condition(io: &Io, n: usize) -> Condition {
    match io.condition {
        ConditionShape::Classes(classes) => {
            Condition::Classes(Rng::new(0).labels(n, classes, &device()).unwrap())
        }
        ConditionShape::Vectors(dim) => Condition::Vectors(input(n, &[dim])),
        ConditionShape::Images(ref shape) => Condition::Images(input(n, shape)),
        ConditionShape::None => Condition::None,
    }
}

/// The same in a network's own numbers.
fn condition_in(dtype: DType, io: &Io, n: usize) -> Result<Condition> {
    Ok(match condition(io, n) {
        Condition::Vectors(v) => Condition::Vectors(v.to_dtype(dtype)?),
        Condition::Images(x) => Condition::Images(x.to_dtype(dtype)?),
        other => other,
    })
}

fn generate(g: &dyn Generator, z: &Tensor, mode: Mode) -> Result<Tensor> {
    let (latents, condition) = (Latents::new(z.clone()), condition_in(z.dtype(), g.io(), z.dim(0)?)?);
    Ok(g.forward(GeneratorInput::new(&latents).with_condition(&condition), mode)?.samples)
}

/// All that a discriminator says, a row a sample.
fn criticise(d: &dyn Discriminator, x: &Tensor, mode: Mode) -> Result<Tensor> {
    let n = x.dim(0)?;
    let condition = condition_in(x.dtype(), d.io(), n)?;
    let critique = d.forward(DiscriminatorInput::new(x).with_condition(&condition), mode)?;
    let scores = critique.scores.reshape((n, ()))?;
    match critique.class_logits {
        Some(logits) => Tensor::cat(&[scores, logits], 1),
        None => Ok(scores),
    }
}

fn input(n: usize, shape: &[usize]) -> Tensor {
    let shape: Vec<usize> = std::iter::once(n).chain(shape.iter().copied()).collect();
    Rng::stream(5, "input").normal(shape, DType::F32, &device()).unwrap()
}

fn numbers(t: &Tensor) -> Vec<f32> {
    t.flatten_all().unwrap().to_vec1().unwrap()
}

/// One network of either role: its parameters, how to run it, how to build it again.
struct Network<'a> {
    params: &'a Params,
    twin: &'a Params,
    input_shape: Vec<usize>,
    /// When it is fully grown, it no longer uses all of its parameters.
    grows: bool,
    forward: &'a dyn Fn(&Tensor, Mode) -> Result<Tensor>,
    forward_twin: &'a dyn Fn(&Tensor, Mode) -> Result<Tensor>,
}

/// What generators and discriminators have in common.
fn check(spec: &dyn std::fmt::Debug, network: &Network) {
    println!("{spec:?}");
    check_names(network.params);
    check_modes(network);
    check_round_trip(network);
    check_freezing(network);
    check_gradients_reach_everything(network);
}

fn check_names(params: &Params) {
    let names: Vec<String> = (params.params().iter().map(|p| p.name().to_string()))
        .chain(params.buffers().iter().map(|b| b.name().to_string()))
        .collect();
    let unique: BTreeSet<&String> = names.iter().collect();
    assert_eq!(names.len(), unique.len());
    assert!(params.state_dict().keys().eq(unique));
    assert!(params.num_elements() > 0);
}

fn check_modes(network: &Network) {
    let x = input(3, &network.input_shape);
    let fresh = snapshot(network.params);
    let eval = (network.forward)(&x, Mode::Eval).unwrap();
    assert_eq!(numbers(&eval), numbers(&(network.forward)(&x, Mode::Eval).unwrap()));
    (network.forward)(&x, STILL).unwrap();
    (network.forward)(&input(1, &network.input_shape), STILL).unwrap();
    assert_eq!(snapshot(network.params), fresh);

    // Spectral vectors that have converged move only when the weights do.
    randomise(network.params, 0.3);
    let still = snapshot(network.params);
    (network.forward)(&x, TRAIN).unwrap();
    let moved = snapshot(network.params);
    for param in network.params.params() {
        assert_eq!(moved[param.name()], still[param.name()], "{} is no statistic", param.name());
    }
    for buffer in network.params.buffers() {
        // Drawn once and for all.
        if buffer.name() == "reference.z" || buffer.name().ends_with("noise_const") {
            assert_eq!(moved[buffer.name()], still[buffer.name()]);
            continue;
        }
        // A matrix of one row has the singular vector ±1 for good.
        if buffer.get().elem_count() > 1 || buffer.name().ends_with("tracked") {
            assert_ne!(moved[buffer.name()], still[buffer.name()], "{} stood still", buffer.name());
        }
    }
}

fn check_round_trip(network: &Network) {
    let state: BTreeMap<String, Tensor> = (network.params.state_dict())
        .into_iter()
        .map(|(name, tensor)| (name, tensor.copy().unwrap()))
        .collect();
    let x = input(2, &network.input_shape);
    let output = numbers(&(network.forward)(&x, Mode::Eval).unwrap());
    assert_ne!(output, numbers(&(network.forward_twin)(&x, Mode::Eval).unwrap()));
    network.twin.load_state_dict(&state).unwrap();
    assert_eq!(output, numbers(&(network.forward_twin)(&x, Mode::Eval).unwrap()));
    assert_eq!(snapshot(network.params), snapshot(network.twin));
}

fn check_freezing(network: &Network) {
    let x = input(2, &network.input_shape);
    assert!((network.forward)(&x, STILL).unwrap().track_op());
    let frozen = network.params.freeze();
    for mode in [Mode::Eval, STILL, TRAIN] {
        assert!(!(network.forward)(&x, mode).unwrap().track_op(), "{mode:?}");
    }
    drop(frozen);
    assert!((network.forward)(&x, STILL).unwrap().track_op());
}

fn check_gradients_reach_everything(network: &Network) {
    let x = input(4, &network.input_shape);
    let output = (network.forward)(&x, STILL).unwrap().sqr().unwrap();
    let params = network.params.params();
    let values: Vec<Tensor> = params.iter().map(|p| p.get()).collect();
    let gradients = grad(&output, &values.iter().collect::<Vec<_>>(), Graph::Discard).unwrap();
    for (param, gradient) in params.iter().zip(&gradients) {
        let gradient = numbers(gradient);
        assert!(gradient.iter().all(|g| g.is_finite()), "{}", param.name());
        let is_reached = gradient.iter().any(|g| *g != 0.0);
        assert!(is_reached || network.grows, "no gradient reaches {}", param.name());
    }
}

/// Looks at each generator of the table, beside a twin of other first weights.
fn each_generator(look: impl Fn(&dyn GeneratorSpec, &dyn Generator, &Network)) {
    for example in generators_of_the_table() {
        let (g, twin) = (generator(&example, 1), generator(&example, 2));
        let network = Network {
            params: g.params(),
            twin: twin.params(),
            input_shape: vec![g.z_dim()],
            grows: example.0.stages(&example.1) > 1,
            forward: &|z, mode| generate(g.as_ref(), z, mode),
            forward_twin: &|z, mode| generate(twin.as_ref(), z, mode),
        };
        look(example.0.as_ref(), g.as_ref(), &network);
    }
}

/// Looks at each discriminator of the table, likewise.
fn each_discriminator(look: impl Fn(&dyn DiscriminatorSpec, &dyn Discriminator, &Network)) {
    for example in discriminators_of_the_table() {
        let (d, twin) = (discriminator(&example, 1), discriminator(&example, 2));
        let network = Network {
            params: d.params(),
            twin: twin.params(),
            input_shape: example.1.sample.clone(),
            grows: example.0.stages(&example.1) > 1,
            forward: &|x, mode| criticise(d.as_ref(), x, mode),
            forward_twin: &|x, mode| criticise(twin.as_ref(), x, mode),
        };
        look(example.0.as_ref(), d.as_ref(), &network);
    }
}

#[test]
fn generators() {
    each_generator(|spec, g, network| {
        let io = g.io();
        assert!(spec.check().is_empty() && spec.fits(io).is_empty());
        check(&spec, network);

        assert_eq!(g.z_dim(), spec.z_dim());
        for n in [1, 3] {
            let samples = generate(g, &input(n, &[g.z_dim()]), Mode::Eval).unwrap();
            let shape: Vec<usize> = std::iter::once(n).chain(io.sample.iter().copied()).collect();
            assert_eq!(samples.dims(), shape);
            if shape.len() == 4 && !spec.traits().unbounded {
                assert!(numbers(&samples).iter().all(|v| (-1.0..=1.0).contains(v)));
            }
        }
        let error = generate(g, &input(2, &[g.z_dim() + 1]), Mode::Eval).unwrap_err().to_string();
        assert!(error.contains("generator: z is [2,"), "{error}");
    });
}

#[test]
fn discriminators() {
    each_discriminator(|spec, d, network| {
        let io = d.io();
        assert!(spec.check().is_empty() && spec.fits(io).is_empty());
        check(&spec, network);

        for n in [1, 3] {
            let (x, condition) = (input(n, &io.sample), condition(io, n));
            let given = DiscriminatorInput::new(&x).with_condition(&condition);
            let critique = d.forward(given, Mode::Eval).unwrap();
            assert_eq!(critique.scores.dims()[0], n);
            assert_eq!(critique.class_logits.is_some(), spec.traits().classifies);
        }
        let mut shape = io.sample.clone();
        shape[0] += 1;
        let error = criticise(d, &input(2, &shape), Mode::Eval).unwrap_err().to_string();
        assert!(error.contains("discriminator: x is [2,"), "{error}");
    });
}

/// What a network was built for is what it says that it was.
#[test]
fn networks_know_their_samples() {
    for example in generators_of_the_table() {
        assert_eq!(generator(&example, 1).io(), &example.1);
    }
    for example in discriminators_of_the_table() {
        assert_eq!(discriminator(&example, 1).io(), &example.1);
    }
}

/// A network that says it is conditional uses the classes, and refuses to do without them; one that does not say so
/// gives the same whatever they are.
#[test]
fn conditions_count_where_a_network_says_so() {
    let [first, last] = [false, true];
    let of = |io: &Io, last: bool| match io.condition {
        ConditionShape::Vectors(dim) => Condition::Vectors((input(3, &[dim]) * f64::from(last)).unwrap()),
        ConditionShape::Images(ref shape) => Condition::Images((input(3, shape) * f64::from(last)).unwrap()),
        _ => {
            let class = if last { io.classes().unwrap_or(1) as u32 - 1 } else { 0 };
            Condition::Classes(Tensor::full(class, 3, &device()).unwrap())
        }
    };
    for example in generators_of_the_table() {
        let (g, traits) = (generator(&example, 1), example.0.traits());
        let latents = Latents::new(input(3, &[g.z_dim()]));
        let given = GeneratorInput::new(&latents);
        let samples = |condition: &Condition| {
            numbers(&g.forward(given.with_condition(condition), Mode::Eval).unwrap().samples)
        };
        let differ = samples(&of(&example.1, first)) != samples(&of(&example.1, last));
        assert_eq!(differ, traits.conditional, "{:?}", example.0);
        assert_eq!(g.forward(given, Mode::Eval).is_err(), traits.conditional);
    }
    for example in discriminators_of_the_table() {
        let (d, traits) = (discriminator(&example, 1), example.0.traits());
        let x = input(3, &example.1.sample);
        let given = DiscriminatorInput::new(&x);
        let scores = |condition: &Condition| {
            numbers(&d.forward(given.with_condition(condition), Mode::Eval).unwrap().scores)
        };
        let differ = scores(&of(&example.1, first)) != scores(&of(&example.1, last));
        assert_eq!(differ, traits.conditional, "{:?}", example.0);
        assert_eq!(d.forward(given, Mode::Eval).is_err(), traits.conditional);
    }
}

/// Settings are read from what they were written to, and twins of one kind need no other key.
#[test]
fn settings_are_written_and_read() {
    for kind in GENERATORS {
        for (spec, _) in (kind.examples)() {
            assert_eq!((kind.read)(&spec.write()).unwrap().write(), spec.write());
        }
        let bare = (kind.read)(&toml::Table::new()).unwrap();
        assert!(bare.check().is_empty(), "{}: the defaults are refused", kind.name);
    }
    for kind in DISCRIMINATORS {
        for (spec, _) in (kind.examples)() {
            assert_eq!((kind.read)(&spec.write()).unwrap().write(), spec.write());
        }
        let bare = (kind.read)(&toml::Table::new()).unwrap();
        assert!(bare.check().is_empty(), "{}: the defaults are refused", kind.name);
    }
}

/// All matrices and kernels, and the largest of them: what a spec counts before anything is built.
fn counted(params: &Params) -> (u128, u128) {
    let weights = params.params().into_iter().filter(|param| param.var().dims().len() > 1);
    let counts: Vec<u128> = weights.map(|param| param.var().elem_count() as u128).collect();
    (counts.iter().sum(), counts.iter().copied().max().unwrap_or(0))
}

#[test]
fn the_size_of_a_network_is_known_before_it_is_made() {
    for example in generators_of_the_table() {
        let size = example.0.size(&example.1);
        let found = (size.weights, size.largest_weight);
        assert_eq!(found, counted(generator(&example, 1).params()), "{:?}", example.0);
        assert!(size.held > 0 && size.activations > 0);
    }
    for example in discriminators_of_the_table() {
        let size = example.0.size(&example.1);
        let found = (size.weights, size.largest_weight);
        assert_eq!(found, counted(discriminator(&example, 1).params()), "{:?}", example.0);
        assert!(size.held > 0 && size.activations > 0);
    }
}

#[test]
fn the_same_stream_gives_the_same_weights() {
    for example in generators_of_the_table() {
        let weights = |seed| snapshot(generator(&example, seed).params());
        assert_eq!(weights(1), weights(1));
        assert_ne!(weights(1), weights(2));
    }
}

/// Without batch norm in training, a sample's result does not depend on its companions.
#[test]
fn evaluation_treats_samples_apart() {
    for example in generators_of_the_table() {
        let g = generator(&example, 1);
        let z = input(3, &[g.z_dim()]);
        let all = generate(g.as_ref(), &z, Mode::Eval).unwrap();
        let one = generate(g.as_ref(), &z.narrow(0, 0, 1).unwrap(), Mode::Eval).unwrap();
        assert_close(&all.narrow(0, 0, 1).unwrap(), &one, Tol::F32);
    }
}

/// All that is random is drawn beforehand: equal draws give equal samples, and a part of them that part of the samples.
#[test]
fn draws_decide_the_samples() {
    for example in generators_of_the_table() {
        let (g, condition) = (generator(&example, 1), condition(&example.1, 3));
        let samples = |latents: &Latents, condition: &Condition| {
            let given = GeneratorInput::new(latents).with_condition(condition);
            g.forward(given, Mode::Eval).unwrap().samples
        };
        let draw = |seed| g.draw(3, &mut Rng::new(seed), &device()).unwrap();
        let all = samples(&draw(1), &condition);
        assert_eq!(numbers(&all), numbers(&samples(&draw(1), &condition)), "{:?}", example.0);
        let is_drawn = g.z_dim() > 0 || !draw(1).noise.is_empty();
        assert_eq!(numbers(&all) != numbers(&samples(&draw(2), &condition)), is_drawn, "{:?}", example.0);
        let part = samples(&draw(1).narrow(1, 2).unwrap(), &condition.narrow(1, 2).unwrap());
        assert_close(&all.narrow(0, 1, 2).unwrap(), &part, Tol::F32);
    }
}
