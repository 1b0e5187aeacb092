//! Standing statistics against what BigGAN-PyTorch accumulates.

use ganymede_models::{
    Condition, Generator, GeneratorConfig, GeneratorInput, Io, Latents, Mode, Norm, NormConfig, NormKind,
    has_running_statistics, standing_statistics,
};
use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{DType, Device, Rng, Tensor};

use crate::support::{builder, normal, snapshot};

/// The sums of the means and of the biased variances (`myBN`: E x² − (E x)²) over the passes, divided by their number.
#[test]
fn a_layers_statistics_are_the_means_over_the_passes() {
    let (params, b) = builder(1);
    let norm = Norm::new(&NormConfig::new(NormKind::Batch, 3), &b).unwrap();
    // Whatever was there before counts no more.
    norm.forward(&normal(9, &[4, 3, 2, 2]), Mode::Train { update_stats: true }).unwrap();
    let passes: Vec<Tensor> =
        (0..5).map(|i| (normal(i, &[4, 3, 2, 2]) * (1.0 + i as f64)).unwrap()).collect();
    let (mut means, mut variances) = (Vec::new(), Vec::new());
    for (pass, x) in (0..).zip(&passes) {
        norm.forward(x, Mode::Standing { pass }).unwrap();
        let rows = x.transpose(0, 1).unwrap().contiguous().unwrap().flatten_from(1).unwrap();
        let mean = rows.mean(1).unwrap();
        variances.push((rows.sqr().unwrap().mean(1).unwrap() - mean.sqr().unwrap()).unwrap());
        means.push(mean);
    }
    let state = params.state_dict();
    for (name, parts) in [("running_mean", means), ("running_var", variances)] {
        let expected = Tensor::stack(&parts, 0).unwrap().mean(0).unwrap();
        assert_close(&state[name], &expected, Tol { rel: 1e-12, abs: 1e-13 });
    }
    assert_eq!(state["num_batches_tracked"].to_scalar::<i64>().unwrap(), 5);
}

fn generator(text: &str) -> Box<dyn Generator> {
    let config = GeneratorConfig::from_table(&text.parse().unwrap()).unwrap();
    config.build(&Io::with_classes([1, 32, 32], 3), Rng::new(1), DType::F32, &Device::Cpu).unwrap()
}

fn passes(g: &dyn Generator, n: usize) -> Vec<(Latents, Condition)> {
    let mut rng = Rng::new(2);
    let draw = |_| {
        let latents = g.draw(8, &mut rng, &Device::Cpu).unwrap();
        (latents, Condition::Classes(rng.labels(8, 3, &Device::Cpu).unwrap()))
    };
    (0..n).map(draw).collect()
}

/// Of one pass they are those of its batch: evaluation gives what training gives of it. Weights and spectral vectors stay.
#[test]
fn one_pass_evaluates_as_its_own_batch_and_moves_nothing_else() {
    for text in [
        "kind = \"dcgan\"\nwidth = 4\nz_dim = 6",
        "kind = \"sngan\"\nwidth = 4\nz_dim = 6\nconditioning = \"norm\"\nspectral = true",
        "kind = \"biggan\"\nwidth = 8\nz_dim = 8\nshared_dim = 3",
    ] {
        let g = generator(text);
        let before = snapshot(g.params());
        let drawn = passes(g.as_ref(), 1);
        assert_eq!(standing_statistics(g.as_ref(), drawn.iter().cloned().map(Ok)).unwrap(), 1, "{text}");
        for (name, value) in snapshot(g.params()) {
            let is_statistic = name.contains("running_") || name.ends_with("num_batches_tracked");
            assert_eq!(value != before[&name], is_statistic, "{name} of {text}");
        }
        let (latents, condition) = &drawn[0];
        let input = GeneratorInput::new(latents).with_condition(condition);
        let of = |mode| g.forward(input, mode).unwrap().samples.detach();
        let batch = of(Mode::Train { update_stats: false });
        assert_close(&of(Mode::Eval), &batch, Tol { rel: 1e-3, abs: 1e-4 });
    }
}

#[test]
fn a_generator_without_running_statistics_makes_no_pass() {
    let g = generator("kind = \"dcgan\"\nwidth = 4\nz_dim = 6\nnorm = \"layer\"");
    assert!(!has_running_statistics(g.params()));
    let drawn = passes(g.as_ref(), 2);
    assert_eq!(standing_statistics(g.as_ref(), drawn.into_iter().map(Ok)).unwrap(), 0);
}
