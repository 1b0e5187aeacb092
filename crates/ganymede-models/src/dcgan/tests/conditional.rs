use super::*;
use crate::spec::NetworkSpec;
use crate::{Condition, DiscriminatorInput, GeneratorInput, Latents, Mode};

type Choice = GeneratorConditioning;

fn told(conditioning: Choice) -> DcganGeneratorConfig {
    let embed_dim = (conditioning == Choice::Concat).then_some(2);
    DcganGeneratorConfig { conditioning, embed_dim, ..small() }
}

fn classes(side: usize, classes: usize) -> Io {
    Io::with_classes([1, side, side], classes)
}

fn state(config: &DcganGeneratorConfig, io: &Io) -> BTreeMap<String, Tensor> {
    generator(config, io).params().state_dict()
}

/// A network that is not told the class is the same in all bits, whether the data have classes or not.
#[test]
fn a_network_that_is_not_told_is_the_tutorials() {
    let values = |state: BTreeMap<String, Tensor>| -> Vec<(String, Vec<f32>)> {
        let numbers = |t: Tensor| t.to_dtype(DType::F32)?.flatten_all()?.to_vec1();
        state.into_iter().map(|(name, t)| (name, numbers(t).unwrap())).collect()
    };
    assert_eq!(values(state(&small(), &grey(16))), values(state(&small(), &classes(16, 5))));
    let d = |io: &Io| discriminator(&DcganDiscriminatorConfig { width: 3, ..Default::default() }, io);
    let of = |io: &Io| values(d(io).params().state_dict());
    assert_eq!(of(&grey(16)), of(&classes(16, 5)));
}

#[test]
fn names_and_shapes_of_what_is_told() {
    let plain = state(&small(), &grey(16));
    let plain = shapes(&plain);
    let beyond = |state: &BTreeMap<String, Tensor>| -> Vec<(String, Vec<usize>)> {
        let new = state.iter().filter(|(name, t)| plain.get(name.as_str()) != Some(&t.dims()));
        new.map(|(name, t)| (name.clone(), t.dims().to_vec())).collect()
    };
    let named = |all: &[(&str, &[usize])]| -> Vec<(String, Vec<usize>)> {
        all.iter().map(|(name, dims)| (name.to_string(), dims.to_vec())).collect()
    };
    let io = classes(16, 4);
    let concat: &[(&str, &[usize])] = &[("embed.weight", &[4, 2]), ("main.0.weight", &[7, 6, 4, 4])];
    assert_eq!(beyond(&state(&told(Choice::Concat), &io)), named(concat));
    assert_eq!(beyond(&state(&told(Choice::Product), &io)), named(&[("embed.weight", &[4, 5])]));
    let norm = state(&told(Choice::Norm), &io);
    let rows: &[(&str, &[usize])] = &[
        ("main.1.bias.weight", &[4, 6]),
        ("main.1.gain.weight", &[4, 6]),
        ("main.4.bias.weight", &[4, 3]),
        ("main.4.gain.weight", &[4, 3]),
    ];
    assert_eq!(beyond(&norm), named(rows));
    assert!(!norm.contains_key("main.1.weight") && norm.contains_key("main.4.running_var"));
    assert_eq!(norm["main.1.bias.weight"].sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap(), 0.0);
    let gains = norm["main.1.gain.weight"].flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert!(gains.iter().all(|gain| (gain - 1.0).abs() < 0.1) && gains.iter().any(|gain| *gain != 1.0));

    let projection = DcganDiscriminatorConfig {
        width: 3,
        conditioning: DiscriminatorConditioning::Projection,
        ..Default::default()
    };
    let of = |config: &DcganDiscriminatorConfig| {
        discriminator(config, &io)
            .params()
            .state_dict()
            .into_keys()
            .filter(|name| !name.starts_with("main."))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&projection), ["embed.weight"]);
    let spectral = of(&DcganDiscriminatorConfig { spectral: true, ..projection });
    assert_eq!(spectral, ["embed.weight_orig", "embed.weight_u", "embed.weight_v"]);
}

#[test]
fn conditional_networks_are_read_off_their_weights() {
    for (side, max_multiplier, norm) in
        [(8, 8, NormKind::Batch), (64, 2, NormKind::Batch), (16, 8, NormKind::None)]
    {
        for &conditioning in Choice::ALL {
            if conditioning == Choice::Norm && norm != NormKind::Batch {
                continue;
            }
            let config = DcganGeneratorConfig { max_multiplier, norm, ..told(conditioning) };
            let io = classes(side, 7);
            let (inferred, found) = infer(&state(&config, &io)).unwrap();
            if conditioning == Choice::None {
                // Nothing in the weights says that there were classes.
                assert_eq!(found, grey(side));
                continue;
            }
            assert_eq!(found, io, "{conditioning:?}");
            assert_eq!(inferred.write(), joined(&config));
        }
    }
}

#[test]
fn conditional_weights_that_do_not_tell_are_never_taken_for_others() {
    let io = classes(16, 4);
    let refusal = |state: &BTreeMap<String, Tensor>| infer(state).unwrap_err().to_string();
    let zeros = |dims: &[usize]| Tensor::zeros(dims, DType::F32, &Device::Cpu).unwrap();
    let with = |mut state: BTreeMap<String, Tensor>, name: &str, dims: &[usize]| {
        state.insert(name.to_string(), zeros(dims));
        state
    };
    let without = |mut state: BTreeMap<String, Tensor>, name: &str| {
        state.remove(name).unwrap();
        state
    };
    let [plain, norm, concat] =
        [Choice::None, Choice::Norm, Choice::Concat].map(|choice| state(&told(choice), &io));
    let cases = [
        (with(plain.clone(), "label_emb.weight", &[4, 5]), "label_emb.weight"),
        (with(plain.clone(), "main.1.embed.weight", &[4, 12]), "main.1.embed.weight [4, 12]"),
        (with(plain.clone(), "embed.weight", &[4, 9]), "embed.weight [4, 9]"),
        (with(plain.clone(), "embed.weight", &[4]), "embed.weight [4]"),
        (with(norm.clone(), "embed.weight", &[4, 5]), "both"),
        (with(norm.clone(), "main.4.gain.weight", &[5, 3]), "main.4.gain.weight is not [4, 3]"),
        (with(plain.clone(), "main.4.weights.weight", &[4, 3]), "main.4.weights.weight [4, 3]"),
        (without(norm.clone(), "main.4.bias.weight"), "main.4.bias.weight is not [4, 3]"),
        (without(norm.clone(), "main.1.running_mean"), "no running statistics"),
        (without(plain, "main.1.weight"), "no gains"),
        (with(concat, "embed.weight", &[0, 2]), "0 classes"),
    ];
    for (state, expected) in cases {
        let message = refusal(&state);
        assert!(message.contains(expected), "{message}");
    }
    // A discriminator that is told the class is none, either.
    for &conditioning in &DiscriminatorConditioning::ALL[1..] {
        let config = DcganDiscriminatorConfig { width: 3, conditioning, ..Default::default() };
        refusal(&discriminator(&config, &io).params().state_dict());
    }
}

#[test]
fn networks_that_need_classes_say_what_to_do_without() {
    let build = |config: &DcganGeneratorConfig, io: &Io| {
        let built = DcganGenerator::new(config, io, Rng::new(0), DType::F32, &Device::Cpu);
        built.map(|_| ()).unwrap_err().to_string()
    };
    for &choice in &Choice::ALL[1..] {
        let message = build(&told(choice), &grey(16));
        let expected = "dcgan: conditioning = samples without classes";
        assert!(message.starts_with(expected) && message.contains("conditioning = \"none\""), "{message}");
        for many in [0, 65_537, usize::MAX] {
            let message = build(&told(choice), &classes(16, many));
            assert!(message.contains(&format!("{many} classes")) && message.contains("65536"), "{message}");
        }
    }
    for &conditioning in &DiscriminatorConditioning::ALL[1..] {
        let config = DcganDiscriminatorConfig { conditioning, ..Default::default() };
        let built = DcganDiscriminator::new(&config, &grey(16), Rng::new(0), DType::F32, &Device::Cpu);
        let message = built.map(|_| ()).unwrap_err().to_string();
        assert!(message.contains("without classes") && message.contains("\"none\""), "{message}");
    }
}

#[test]
fn settings_that_contradict_each_other_are_named() {
    let fields = |config: &DcganGeneratorConfig| -> Vec<&str> {
        config.check().iter().map(|problem| problem.field).collect()
    };
    for norm in [NormKind::None, NormKind::Instance, NormKind::Layer] {
        assert_eq!(fields(&DcganGeneratorConfig { norm, ..told(Choice::Norm) }), ["conditioning"]);
    }
    assert_eq!(fields(&DcganGeneratorConfig { embed_dim: Some(0), ..told(Choice::Concat) }), ["embed_dim"]);
    assert_eq!(fields(&DcganGeneratorConfig { embed_dim: Some(3), ..small() }), ["embed_dim"]);
}

/// A conditional network that is refused its classes has not moved its statistics.
#[test]
fn wrong_conditions_are_named_and_move_nothing() {
    let io = classes(16, 4);
    let train = Mode::Train { update_stats: true };
    let latents = Latents::new(Rng::new(1).normal((3, 5), DType::F32, &Device::Cpu).unwrap());
    let of = |labels: &[u32]| Condition::Classes(Tensor::new(labels, &Device::Cpu).unwrap());
    let cases = |who: &str| {
        [
            (Condition::None, format!("{who}: it is conditional and was given no classes")),
            (of(&[0, 1]), format!("{who}: the classes are [2] of U32, expected (3,)")),
            (of(&[0, 1, 4]), "class 4 of 4".to_string()),
            (of(&[u32::MAX, 1, 2]), "of 4: they are numbered from 0".to_string()),
        ]
    };
    let buffers = |params: &ganymede_tensor::Params| -> Vec<Vec<f32>> {
        let numbers = |t: Tensor| t.to_dtype(DType::F32)?.flatten_all()?.to_vec1();
        params.buffers().iter().map(|buffer| numbers(buffer.get()).unwrap()).collect()
    };
    for &choice in &Choice::ALL[1..] {
        let g = generator(&told(choice), &io);
        let fresh = buffers(g.params());
        for (condition, expected) in cases("dcgan generator") {
            let given = GeneratorInput::new(&latents).with_condition(&condition);
            let message = g.forward(given, train).map(|_| ()).unwrap_err().to_string();
            assert!(message.contains(&expected), "{message}");
        }
        assert_eq!(buffers(g.params()), fresh, "{choice:?}");
    }
    let x = Rng::new(2).normal((3, 1, 16, 16), DType::F32, &Device::Cpu).unwrap();
    for conditioning in [DiscriminatorConditioning::Projection, DiscriminatorConditioning::Concat] {
        let d =
            discriminator(&DcganDiscriminatorConfig { width: 3, conditioning, ..Default::default() }, &io);
        let fresh = buffers(d.params());
        for (condition, expected) in cases("dcgan discriminator") {
            let given = DiscriminatorInput::new(&x).with_condition(&condition);
            let message = d.forward(given, train).map(|_| ()).unwrap_err().to_string();
            assert!(message.contains(&expected), "{message}");
        }
        assert_eq!(buffers(d.params()), fresh, "{conditioning:?}");
    }
}

/// What is refused before anything is made: the vectors of the classes can be larger than all convolutions.
#[test]
fn vectors_of_many_classes_count_as_a_layer() {
    let io = classes(64, 65_536);
    let size = told(Choice::Product).size(&io);
    assert_eq!(size.largest_weight, 65_536 * 5);
    let config = DcganDiscriminatorConfig {
        width: 3,
        conditioning: DiscriminatorConditioning::Concat,
        ..Default::default()
    };
    let size = config.size(&io);
    assert_eq!((size.largest_weight, size.activations), (65_536 * 64 * 64, 2 * 64 * 64));
}
