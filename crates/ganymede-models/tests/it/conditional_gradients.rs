//! Derivatives of first and second order of what is told the class, against finite differences; and what the layers
//! refuse.

use ganymede_models::{
    ConditionalBatchNorm, DcganDiscriminator, DcganDiscriminatorConfig, DcganGenerator, DcganGeneratorConfig,
    Discriminator, DiscriminatorConditioning, Embedding, Generator, GeneratorConditioning, Io, Mode,
    SpectralConfig,
};
use ganymede_tensor::{Builder, DType, Device, Graph, Init, Rng, Tensor, grad};

use crate::support::{builder, check_all, classes, generate_of, judge_of, normal, randomise, snapshot};

/// Batch statistics, and nothing moves between the evaluations of a difference.
const STILL: Mode = Mode::Train { update_stats: false };

fn embedding(classes: usize, dim: usize, spectral: bool, b: &Builder) -> Embedding {
    let init = Init::Normal { mean: 0.0, std: 1.0 };
    Embedding::new(classes, dim, init, spectral.then(SpectralConfig::default), b).unwrap()
}

fn norm(classes: usize, channels: usize, b: &Builder) -> ConditionalBatchNorm {
    ConditionalBatchNorm::new(classes, channels, Init::Ones, b).unwrap()
}

fn labels(of: &[u32]) -> Tensor {
    Tensor::new(of, &Device::Cpu).unwrap()
}

#[test]
fn embeddings() {
    for spectral in [false, true] {
        // One sample; every class once; one class twice and another never.
        for of in [&[2u32][..], &[3, 0, 1, 2], &[1, 3, 1]] {
            let (params, b) = builder(1);
            let embed = embedding(4, 3, spectral, &b);
            let x = normal(2, &[of.len(), 3]);
            check_all(&params, &x, &|x| {
                let rows = embed.forward(&labels(of), STILL)?;
                (rows.sqr()? * x)?.add(&x.mul(&rows)?.tanh()?)
            });
        }
    }
}

/// Without any arithmetic behind the lookup, a gradient counts the samples of a class.
#[test]
fn a_class_gets_the_gradients_of_all_its_samples() {
    let (params, b) = builder(1);
    let embed = embedding(4, 2, false, &b);
    let rows = embed.forward(&labels(&[1, 3, 1, 1]), STILL).unwrap();
    let gradient = grad(&rows, &[&params.params()[0].get()], Graph::Discard).unwrap();
    let counts = [[0.0, 0.0], [3.0, 3.0], [0.0, 0.0], [1.0, 1.0]];
    assert_eq!(gradient[0].to_vec2::<f64>().unwrap(), counts);
}

#[test]
fn conditional_batch_norm() {
    for mode in [STILL, Mode::Eval] {
        for of in [&[1u32][..], &[2, 0, 2]] {
            let (params, b) = builder(3);
            let norm = norm(3, 2, &b);
            randomise(&params, 0.5);
            let x = normal(4, &[of.len(), 2, 3, 2]);
            check_all(&params, &x, &|x| norm.forward(x, &labels(of), mode)?.tanh());
        }
    }
}

#[test]
fn generators() {
    for &conditioning in &GeneratorConditioning::ALL[1..] {
        let embed_dim = (conditioning == GeneratorConditioning::Concat).then_some(2);
        let config =
            DcganGeneratorConfig { z_dim: 3, width: 2, conditioning, embed_dim, ..Default::default() };
        let io = Io::with_classes([1, 8, 8], 3);
        let g = DcganGenerator::new(&config, &io, Rng::new(1), DType::F64, &Device::Cpu).unwrap();
        randomise(g.params(), 0.4);
        for (of, mode) in [(&[2u32][..], STILL), (&[1, 1], STILL), (&[0, 2], Mode::Eval)] {
            let condition = classes(of);
            check_all(g.params(), &normal(7, &[of.len(), 3]), &|z| generate_of(&g, z, &condition, mode));
        }
    }
}

#[test]
fn discriminators() {
    for &conditioning in &DiscriminatorConditioning::ALL[1..] {
        for (spectral, of) in [(false, &[1u32][..]), (true, &[2, 2])] {
            let config = DcganDiscriminatorConfig { width: 2, spectral, conditioning, ..Default::default() };
            let io = Io::with_classes([1, 8, 8], 3);
            let d = DcganDiscriminator::new(&config, &io, Rng::new(2), DType::F64, &Device::Cpu).unwrap();
            randomise(d.params(), 0.4);
            let condition = classes(of);
            let x = normal(8, &[of.len(), 1, 8, 8]);
            check_all(d.params(), &x, &|x| judge_of(&d, x, &condition, STILL));
        }
    }
}

#[test]
fn only_a_training_step_moves_the_statistics() {
    let (params, b) = builder(1);
    let norm = norm(3, 2, &b);
    let embed = embedding(3, 4, true, &b.pp("embed"));
    let (x, of) = (normal(2, &[3, 2, 4, 4]), labels(&[0, 2, 0]));
    let forward = |mode| {
        norm.forward(&x, &of, mode).unwrap();
        embed.forward(&of, mode).unwrap()
    };
    randomise(&params, 0.3);
    let fresh = snapshot(&params);
    for mode in [Mode::Eval, STILL] {
        forward(mode);
        assert_eq!(snapshot(&params), fresh, "{mode:?}");
    }
    let frozen = params.freeze();
    assert!(!forward(Mode::Train { update_stats: true }).track_op());
    drop(frozen);
    let moved = snapshot(&params);
    assert_eq!(moved["num_batches_tracked"], [1.0]);
    for name in ["running_mean", "running_var", "embed.weight_u", "embed.weight_v"] {
        assert_ne!(moved[name], fresh[name], "{name}");
    }
    for name in ["gain.weight", "bias.weight", "embed.weight_orig"] {
        assert_eq!(moved[name], fresh[name], "{name}");
    }
}

#[test]
fn what_fits_no_class_is_refused() {
    let (params, b) = builder(1);
    let embed = embedding(3, 2, false, &b.pp("embed"));
    let refusal = |of: &Tensor| embed.forward(of, STILL).unwrap_err().to_string();
    assert!(refusal(&labels(&[0, 3])).contains("class 3 of 3"));
    assert!(refusal(&labels(&[u32::MAX])).contains("4294967295 of 3"));
    assert!(refusal(&labels(&[0, 1]).reshape((1, 2)).unwrap()).contains("[1, 2]"));
    assert!(refusal(&normal(1, &[2])).contains("F64"));
    for (classes, dim) in [(0, 3), (3, 0)] {
        assert!(Embedding::new(classes, dim, Init::Zeros, None, &b.pp("none")).is_err());
    }

    // What is refused has moved nothing.
    let norm = norm(3, 2, &b);
    let fresh = snapshot(&params);
    let train = Mode::Train { update_stats: true };
    let refusal = |shape: &[usize], of: &[u32]| {
        norm.forward(&normal(1, shape), &labels(of), train).unwrap_err().to_string()
    };
    let message = refusal(&[2, 2, 3, 3], &[1]);
    assert!(message.contains("conditional batch norm") && message.contains("(2,)"), "{message}");
    assert!(refusal(&[2, 2, 3, 3], &[1, 3]).contains("class 3"));
    assert!(refusal(&[2, 3, 3, 3], &[1, 1]).contains("3 channels, expected 2"));
    assert!(refusal(&[1, 2, 1, 1], &[1]).contains("variance"));
    assert_eq!(snapshot(&params), fresh);
}
