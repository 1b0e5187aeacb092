//! Networks that are told vectors: of unit vectors they are networks that are told classes, with the table transposed.

use std::collections::BTreeMap;

use ganymede_models::{
    Condition, ConditionShape, DiscriminatorConfig, GeneratorConfig, Io, LatentDistribution, Mode, Problem,
};
use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{DType, Device, Rng, Tensor};

use crate::support::{generate_of, judge_of, normal, randomise};

const CLASSES: usize = 3;
const STILL: Mode = Mode::Train { update_stats: false };

fn told(condition: ConditionShape) -> Io {
    Io { sample: vec![2, 32, 32], condition }
}

/// The same samples in both words.
fn conditions() -> [Condition; 2] {
    let units = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]];
    let units: Vec<f64> = units.into_iter().flatten().collect();
    let vectors = Tensor::from_vec(units, (4, CLASSES), &Device::Cpu).unwrap();
    [Condition::Classes(Tensor::new(&[2u32, 0, 2, 1], &Device::Cpu).unwrap()), Condition::Vectors(vectors)]
}

/// A state dict of tables, for a network of linear maps.
fn transposed(state: BTreeMap<String, Tensor>) -> BTreeMap<String, Tensor> {
    let tables = ["embed.", "l_y."];
    let renamed = |(name, tensor): (String, Tensor)| {
        let Some(table) = tables.iter().find(|table| name.starts_with(**table)) else {
            return (name, tensor);
        };
        let own = match &name[table.len()..] {
            "weight_u" => "weight_v",
            "weight_v" => "weight_u",
            other => other,
        };
        let tensor = if tensor.rank() == 2 { tensor.t().unwrap().contiguous().unwrap() } else { tensor };
        (format!("{}_linear.{own}", table.trim_end_matches('.')), tensor)
    };
    state.into_iter().map(renamed).collect()
}

#[test]
fn discriminators_of_unit_vectors_are_those_of_classes() {
    for settings in [
        "kind = \"dcgan\"\nwidth = 4\nconditioning = \"projection\"",
        "kind = \"dcgan\"\nwidth = 4\nconditioning = \"concat\"",
        "kind = \"dcgan\"\nwidth = 4\nspectral = true\nconditioning = \"projection\"",
        "kind = \"sndcgan\"\nwidth = 16\nconditioning = \"projection\"",
        "kind = \"sngan\"\nwidth = 4\nconditioning = \"concat\"",
        "kind = \"biggan\"\nwidth = 8",
    ] {
        let config = DiscriminatorConfig::from_table(&settings.parse().unwrap()).unwrap();
        let build = |shape| config.build(&told(shape), Rng::new(1), DType::F64, &Device::Cpu).unwrap();
        let (of_classes, of_vectors) =
            (build(ConditionShape::Classes(CLASSES)), build(ConditionShape::Vectors(CLASSES)));
        randomise(of_classes.params(), 0.3);
        of_vectors.params().load_state_dict(&transposed(of_classes.params().state_dict())).unwrap();
        let [classes, vectors] = conditions();
        let x = normal(2, &[4, 2, 32, 32]);
        let expected = judge_of(of_classes.as_ref(), &x, &classes, STILL).unwrap();
        let found = judge_of(of_vectors.as_ref(), &x, &vectors, STILL).unwrap();
        assert_close(&found, &expected, Tol { rel: 1e-9, abs: 1e-9 });
        // Vectors of another length are refused before anything moves.
        let wrong = Condition::Vectors(normal(3, &[4, CLASSES + 1]));
        assert!(judge_of(of_vectors.as_ref(), &x, &wrong, STILL).is_err(), "{settings}");
        assert!(judge_of(of_vectors.as_ref(), &x, &classes, STILL).is_err(), "{settings}");
    }
}

#[test]
fn generators_of_unit_vectors_are_those_of_classes() {
    for settings in [
        "kind = \"dcgan\"\nwidth = 4\nz_dim = 6\nconditioning = \"concat\"\nembed_dim = 5",
        "kind = \"dcgan\"\nwidth = 4\nz_dim = 6\nconditioning = \"product\"",
        "kind = \"sndcgan\"\nwidth = 16\nz_dim = 6\nconditioning = \"product\"",
        "kind = \"sngan\"\nwidth = 4\nz_dim = 6\nconditioning = \"concat\"\nembed_dim = 5",
    ] {
        let config = GeneratorConfig::from_table(&settings.parse().unwrap()).unwrap();
        let build = |shape| config.build(&told(shape), Rng::new(1), DType::F64, &Device::Cpu).unwrap();
        let (of_classes, of_vectors) =
            (build(ConditionShape::Classes(CLASSES)), build(ConditionShape::Vectors(CLASSES)));
        assert_eq!(of_vectors.latent_distribution(), LatentDistribution::Normal);
        randomise(of_classes.params(), 0.3);
        of_vectors.params().load_state_dict(&transposed(of_classes.params().state_dict())).unwrap();
        let [classes, vectors] = conditions();
        let z = normal(2, &[4, 6]);
        let expected = generate_of(of_classes.as_ref(), &z, &classes, STILL).unwrap();
        let found = generate_of(of_vectors.as_ref(), &z, &vectors, STILL).unwrap();
        assert_close(&found, &expected, Tol { rel: 1e-9, abs: 1e-9 });
    }
}

/// A classifier says classes; normalisations of a DCGAN are told classes.
#[test]
fn what_cannot_be_told_a_vector_says_so() {
    let vectors = told(ConditionShape::Vectors(CLASSES));
    let fields = |problems: Vec<Problem>| -> Vec<&str> { problems.iter().map(|p| p.field).collect() };
    let d = "kind = \"dcgan\"\nconditioning = \"auxiliary\"".parse().unwrap();
    assert_eq!(fields(DiscriminatorConfig::from_table(&d).unwrap().fits(&vectors)), ["conditioning"]);
    let g = "kind = \"dcgan\"\nconditioning = \"norm\"".parse().unwrap();
    assert_eq!(fields(GeneratorConfig::from_table(&g).unwrap().fits(&vectors)), ["conditioning"]);
    let d = "kind = \"dcgan\"\nconditioning = \"projection\"".parse().unwrap();
    let d = DiscriminatorConfig::from_table(&d).unwrap();
    assert_eq!(fields(d.fits(&told(ConditionShape::Vectors(0)))), ["conditioning"]);
    assert_eq!(fields(d.fits(&told(ConditionShape::None))), ["conditioning"]);
}
