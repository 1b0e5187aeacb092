use std::collections::BTreeSet;

use ganymede_tensor::{DType, Device, Graph, Rng, Tensor, grad};

use crate::{
    Condition, DiscriminatorConfig, DiscriminatorInput, Generator, GeneratorConfig, GeneratorInput, Io,
    Latents, Mixture, Mode,
};

const CPU: Device = Device::Cpu;
const TRAIN: Mode = Mode::Train { update_stats: true };

fn generator(text: &str) -> GeneratorConfig {
    GeneratorConfig::from_table(&text.parse().unwrap()).unwrap()
}

fn discriminator(text: &str) -> DiscriminatorConfig {
    DiscriminatorConfig::from_table(&text.parse().unwrap()).unwrap()
}

fn build(config: &GeneratorConfig, io: &Io, seed: u64) -> Box<dyn Generator> {
    config.build(io, Rng::new(seed), DType::F64, &CPU).unwrap()
}

/// Every sample is that of its member, whatever stands beside it; vectors by themselves say which that is.
#[test]
fn each_sample_is_made_by_one_member() {
    let io = Io::with_classes([1, 8, 8], 3);
    let config =
        generator("kind = \"dcgan\"\nwidth = 3\nz_dim = 5\nnorm = \"batch\"\nconditioning = \"norm\"");
    let members = vec![build(&config, &io, 1), build(&config, &io, 2)];
    let mixture = Mixture::new(members, &[]).unwrap();
    let latents = mixture.draw(9, &mut Rng::new(3), &CPU).unwrap();
    let origins = mixture.origins(&latents).unwrap();
    assert_eq!(BTreeSet::from_iter(origins.clone()), BTreeSet::from([0, 1]));
    assert!(!origins.is_sorted());
    let latents = Latents { z: latents.z.to_dtype(DType::F64).unwrap(), ..latents };
    let classes = Condition::Classes(Tensor::new(&[0u32, 1, 2, 0, 1, 2, 0, 1, 2], &CPU).unwrap());
    let by_z = Latents::new(latents.z.clone());
    let origins_by_z = mixture.origins(&by_z).unwrap();
    let make = |latents: &Latents| {
        let input = GeneratorInput::new(latents).with_condition(&classes);
        mixture.forward(input, Mode::Eval).unwrap().samples
    };
    let both = [(origins, make(&latents)), (origins_by_z, make(&by_z))];
    for (row, origin, all) in
        both.iter().flat_map(|(origins, all)| origins.iter().enumerate().map(move |(row, o)| (row, *o, all)))
    {
        let alone = Latents::new(latents.z.narrow(0, row, 1).unwrap());
        let condition = classes.narrow(row, 1).unwrap();
        let member = &mixture.members()[origin as usize];
        let input = GeneratorInput::new(&alone).with_condition(&condition);
        let one = member.forward(input, Mode::Eval).unwrap().samples;
        let far = (one - all.narrow(0, row, 1).unwrap()).unwrap().abs().unwrap().max_all().unwrap();
        assert!(far.to_scalar::<f64>().unwrap() < 1e-12, "{row}");
    }
}

#[test]
fn members_are_asked_by_weight() {
    let config = generator("kind = \"mlp\"\nwidth = 4\nz_dim = 2");
    let members = || (0..3).map(|seed| build(&config, &Io::new([2]), seed)).collect();
    let mixture = Mixture::new(members(), &[1.0, 0.0, 3.0]).unwrap();
    let counts = |origins: &[u32]| [0, 1, 2].map(|i| origins.iter().filter(|o| **o == i).count());
    let drawn = mixture.draw(4000, &mut Rng::new(1), &CPU).unwrap();
    let by_z = Latents::new(drawn.z.clone());
    for latents in [&drawn, &by_z] {
        let [a, none, b] = counts(&mixture.origins(latents).unwrap());
        // Four standard deviations of a binomial.
        assert!(none == 0 && a.abs_diff(1000) < 110 && b.abs_diff(3000) < 110, "{a} {none} {b}");
    }
    let blocks = |n| {
        let latents = mixture.draw_for_training(n, &mut Rng::new(2), &CPU).unwrap();
        let origins = mixture.origins(&latents).unwrap();
        assert!(origins.is_sorted());
        counts(&origins)
    };
    assert_eq!([blocks(8), blocks(4)], [[2, 0, 6], [1, 0, 3]]);
    assert_eq!(blocks(5).iter().sum::<usize>(), 5);
    let thirds = Mixture::new(members(), &[]).unwrap();
    let firsts: BTreeSet<[usize; 3]> = (0..20)
        .map(|seed| {
            let latents = thirds.draw_for_training(4, &mut Rng::new(seed), &CPU).unwrap();
            counts(&thirds.origins(&latents).unwrap())
        })
        .collect();
    assert_eq!(firsts, BTreeSet::from([[2, 1, 1], [1, 2, 1], [1, 1, 2]]));
    for weights in [&[1.0][..], &[0.0; 3], &[1.0, -1.0, 1.0], &[f64::NAN, 1.0, 1.0]] {
        assert!(Mixture::new(members(), weights).is_err(), "{weights:?}");
    }
    assert!(Mixture::new(Vec::new(), &[]).is_err());
    let mut other: Vec<Box<dyn Generator>> = members();
    other.push(build(&generator("kind = \"mlp\"\nwidth = 4\nz_dim = 3"), &Io::new([2]), 0));
    assert!(Mixture::new(other, &[]).is_err());
}

/// A member's gradient is that of its own samples alone.
#[test]
fn gradients_reach_each_member_through_its_samples() {
    let config = generator("kind = \"mlp\"\nwidth = 4\nz_dim = 2\nmembers = 2");
    let mixture = build(&config, &Io::new([2]), 5);
    let mut latents = mixture.draw(6, &mut Rng::new(7), &CPU).unwrap();
    latents.z = latents.z.to_dtype(DType::F64).unwrap();
    latents.noise[0] = Tensor::new(&[1u32, 0, 1, 1, 0, 1], &CPU).unwrap();
    let samples = mixture.forward(GeneratorInput::new(&latents), TRAIN).unwrap().samples;
    let params = mixture.params().params();
    assert_eq!(params.len(), 2 * 8);
    let weights: Vec<Tensor> = params.iter().map(|p| p.get()).collect();
    let weights: Vec<&Tensor> = weights.iter().collect();
    let of_rows = |rows: &[u32]| {
        let rows = samples.index_select(&Tensor::new(rows, &CPU).unwrap(), 0).unwrap();
        let gradients = grad(&rows.sqr().unwrap().sum_all().unwrap(), &weights, Graph::Discard).unwrap();
        let norm = |t: &Tensor| t.sqr().unwrap().sum_all().unwrap().to_scalar::<f64>().unwrap();
        [gradients[..8].iter().map(norm).sum::<f64>(), gradients[8..].iter().map(norm).sum::<f64>()]
    };
    let (of_first, of_second) = (of_rows(&[1, 4]), of_rows(&[0, 2]));
    assert!(of_first[0] > 0.0 && of_first[1] == 0.0, "{of_first:?}");
    assert!(of_second[0] == 0.0 && of_second[1] > 0.0, "{of_second:?}");
    assert!(params[0].name().starts_with("members.0.") && params[8].name().starts_with("members.1."));
    assert_ne!(params[0].get().to_vec2::<f64>().unwrap(), params[8].get().to_vec2::<f64>().unwrap());
}

#[test]
fn several_discriminators_say_what_each_says() {
    let io = Io::new([2]);
    let config = discriminator("kind = \"mlp\"\nwidth = 4\nmembers = 3\npack = 2");
    assert_eq!((config.traits().members, config.traits().pack), (3, 2));
    assert_eq!(DiscriminatorConfig::from_table(&config.write()).unwrap(), config);
    let d = config.build(&io, Rng::new(0), DType::F64, &CPU).unwrap();
    let one = discriminator("kind = \"mlp\"\nwidth = 4\npack = 2");
    assert_eq!(one.traits().members, 1);
    let x = Rng::new(1).normal((5, 4), DType::F64, &CPU).unwrap();
    let scores = d.forward(DiscriminatorInput::new(&x), TRAIN).unwrap().scores;
    assert_eq!(scores.dims(), [5, 3]);
    let state = d.params().state_dict();
    for i in 0..3 {
        let alone = one.build(&io, Rng::new(9), DType::F64, &CPU).unwrap();
        let prefix = format!("members.{i}.");
        let own =
            state.iter().filter_map(|(name, t)| Some((name.strip_prefix(&prefix)?.to_owned(), t.clone())));
        alone.params().load_state_dict(&own.collect()).unwrap();
        let said = alone.forward(DiscriminatorInput::new(&x), TRAIN).unwrap().scores;
        let column = scores.narrow(1, i, 1).unwrap().squeeze(1).unwrap();
        assert_eq!(said.to_vec1::<f64>().unwrap(), column.to_vec1::<f64>().unwrap());
    }
}

#[test]
fn senseless_members_are_refused() {
    for (text, field) in [
        ("members = 0", "members"),
        ("members = 65", "members"),
        ("members = 2\nmember_weights = [1]", "member_weights"),
        ("members = 2\nmember_weights = [0, 0.0]", "member_weights"),
        ("members = 2\nmember_weights = [-1, 1]", "member_weights"),
    ] {
        let problems = generator(&format!("kind = \"mlp\"\n{text}")).check();
        assert_eq!(problems[0].field, field, "{text}");
    }
    let problems = discriminator("kind = \"mlp\"\nmembers = 2\nmember_weights = [1, 1]").check();
    assert_eq!(problems[0].field, "member_weights");
    let problems = generator("kind = \"stylegan2\"\nmembers = 2").check();
    assert_eq!(problems[0].field, "members");
    for text in ["members = -1", "members = \"two\"", "member_weights = 3"] {
        assert!(GeneratorConfig::from_table(&format!("kind = \"mlp\"\n{text}").parse().unwrap()).is_err());
    }
    assert_eq!(generator("kind = \"mlp\"\nmembers = 1").write().get("members"), None);
    let weighted = generator("kind = \"mlp\"\nmembers = 2\nmember_weights = [1, 3]");
    assert!(weighted.check().is_empty());
    assert_eq!(GeneratorConfig::from_table(&weighted.write()).unwrap(), weighted);
}
