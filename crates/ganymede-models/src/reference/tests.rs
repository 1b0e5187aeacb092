use ganymede_tensor::{DType, Device, Rng, Tensor};

use crate::latents::LatentDistribution;
use crate::layers::norm::{NormKind, REFERENCE};
use crate::{
    Condition, DiscriminatorConfig, Generator, GeneratorConfig, GeneratorInput, Io, Latents, Mode, Norm,
    NormConfig,
};

fn config(text: &str) -> GeneratorConfig {
    GeneratorConfig::from_table(&text.parse().unwrap()).unwrap()
}

fn built(text: &str, io: &Io) -> Box<dyn Generator> {
    config(text).build(io, Rng::stream(7, "generator"), DType::F32, &Device::Cpu).unwrap()
}

const SMALL: &str = "kind = \"dcgan\"\nz_dim = 6\nwidth = 4\nnorm = \"virtual\"";

fn numbers(t: &Tensor) -> Vec<f32> {
    t.flatten_all().unwrap().to_vec1().unwrap()
}

fn samples(g: &dyn Generator, z: &Tensor, mode: Mode) -> Tensor {
    g.forward(GeneratorInput::new(&Latents::new(z.clone())), mode).unwrap().samples
}

#[test]
fn a_sample_does_not_depend_on_its_batch_nor_on_the_mode() {
    let g = built(SMALL, &Io::new([1, 16, 16]));
    let z = Rng::new(1).normal((5, 6), DType::F32, &Device::Cpu).unwrap();
    let together = samples(&*g, &z, Mode::Train { update_stats: true });
    assert_eq!(together.dims(), [5, 1, 16, 16]);
    assert_eq!(numbers(&together), numbers(&samples(&*g, &z, Mode::Eval)));
    for i in 0..5 {
        let alone = samples(&*g, &z.narrow(0, i, 1).unwrap(), Mode::Eval);
        let row = together.narrow(0, i, 1).unwrap();
        let far = (numbers(&alone).iter().zip(numbers(&row))).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(far < 1e-5, "sample {i}: {far}");
    }
}

#[test]
fn its_reference_is_of_its_own_latents_and_is_saved() {
    let text = format!("{SMALL}\nlatent = \"uniform\"");
    let g = built(&text, &Io::new([1, 16, 16]));
    assert_eq!(g.latent_distribution(), LatentDistribution::Uniform);
    let z = g.params().state_dict()["reference.z"].clone();
    assert_eq!(z.dims(), [REFERENCE, 6]);
    assert!(numbers(&z).iter().all(|z| z.abs() <= 1.0));
    // Another seed, another reference; the same seed, the same.
    let again = config(&text).build(&Io::new([1, 16, 16]), Rng::new(8), DType::F32, &Device::Cpu).unwrap();
    assert_ne!(numbers(&z), numbers(&again.params().state_dict()["reference.z"]));
    again.params().load_state_dict(&g.params().state_dict()).unwrap();
    let z = Rng::new(1).normal((2, 6), DType::F32, &Device::Cpu).unwrap();
    assert_eq!(numbers(&samples(&*g, &z, Mode::Eval)), numbers(&samples(&*again, &z, Mode::Eval)));
}

#[test]
fn it_stands_beside_classes_that_are_joined_and_those_of_the_data_are_not_asked_for() {
    let io = Io::with_classes([1, 16, 16], 3);
    let g = built(&format!("{SMALL}\nconditioning = \"concat\""), &io);
    let latents = g.draw(4, &mut Rng::new(1), &Device::Cpu).unwrap();
    let y = Condition::Classes(Tensor::new(&[0u32, 1, 2, 2], &Device::Cpu).unwrap());
    let input = GeneratorInput::new(&latents).with_condition(&y);
    assert_eq!(g.forward(input, Mode::Eval).unwrap().samples.dims(), [4, 1, 16, 16]);
    let error = g.forward(GeneratorInput::new(&latents), Mode::Eval).unwrap_err().to_string();
    assert!(error.contains("no classes"), "{error}");
    built(SMALL, &io).forward(input, Mode::Eval).unwrap();
}

#[test]
fn who_cannot_have_it_says_why() {
    let refused = |text: &str| {
        let config = DiscriminatorConfig::from_table(&text.parse().unwrap()).unwrap();
        config
            .check()
            .into_iter()
            .any(|problem| problem.field == "norm" && problem.message.contains("generators only"))
    };
    for kind in ["dcgan", "sndcgan", "sngan", "wgan-gp-resnet", "sagan", "biggan", "pix2pix"] {
        assert!(refused(&format!("kind = \"{kind}\"\nnorm = \"virtual\"")), "{kind}");
        assert!(!refused(&format!("kind = \"{kind}\"")), "{kind}");
    }
    assert_eq!(config("kind = \"pix2pix\"\nnorm = \"virtual\"").check()[0].field, "norm");
    let told = config(&format!("{SMALL}\nconditioning = \"concat\""));
    let of_vectors = Io { sample: vec![1, 16, 16], condition: crate::ConditionShape::Vectors(3) };
    assert!(told.fits(&of_vectors).iter().any(|problem| problem.field == "norm"));
    let by_norm = config(&format!("{SMALL}\nconditioning = \"norm\""));
    assert!(!by_norm.check().is_empty(), "conditional normalisation is batch normalisation");
}

#[test]
fn a_layer_without_a_reference_says_so() {
    let params = ganymede_tensor::Params::new();
    let builder = params.builder(Rng::new(0), DType::F32, &Device::Cpu);
    let norm = Norm::new(&NormConfig::new(NormKind::Virtual, 3), &builder).unwrap();
    let x = Rng::new(1).normal((REFERENCE, 3, 2, 2), DType::F32, &Device::Cpu).unwrap();
    let error = norm.forward(&x, Mode::Eval).unwrap_err().to_string();
    assert!(error.contains("64 of the reference"), "{error}");
}
