//! Overflows planted in five places, each named exactly.

use std::path::Path;

use ganymede_datasets::{OpenOptions, open};
use ganymede_tensor::{Checkpoint, Device, Tensor};

use super::*;
use crate::config::{Layers, Run};

const RING: &str = r#"
run = { steps = 30, batch = 16, threads = 1 }
data = { name = "ring" }
generator = { z_dim = 3, width = 12, layers = 3, activation = "relu" }
discriminator = { width = 12, layers = 3 }
loss = { kind = "non-saturating" }
log = { log_every = 3, sample_every = 10, checkpoint_every = 7, samples = 30 }
"#;
/// The largest finite number of single precision is 3.4e38.
const LARGE: f64 = 3e38;

fn run(sets: &[&str]) -> Run {
    let mut layers = Layers::text(RING, "test", None).unwrap();
    layers.set(sets).unwrap();
    layers.resolve().unwrap()
}

/// What is done to a weight.
type Change = fn(&Tensor) -> Tensor;

/// The first weights of the generator or of the discriminator, some of them changed, as a file to begin with.
fn planted(folder: &Path, player: &str, change: &[(&str, Change)]) -> String {
    let ring = open("ring", &OpenOptions::default()).unwrap().dataset;
    let game = Game::new(&run(&[]), ring, &Device::Cpu).unwrap();
    let mut tensors = game.params()[usize::from(player == "discriminator")].state_dict();
    for (name, change) in change {
        let changed = change(&tensors[*name]);
        assert!(tensors.insert((*name).to_owned(), changed).is_some());
    }
    let path = folder.join(format!("{player}.safetensors"));
    Checkpoint { tensors, metadata: [].into() }.save(&path).unwrap();
    format!("init.{player}={}", path.display())
}

fn large(weight: &Tensor) -> Tensor {
    weight.affine(0.0, LARGE).unwrap()
}

struct Planted {
    sets: Vec<String>,
    /// The player whose update it is, the part of it, the parameter and the term.
    found: (&'static str, &'static str, &'static str, Option<&'static str>),
}

#[test]
fn an_overflow_in_each_of_five_places_is_named() {
    let dir = tempfile::tempdir().unwrap();
    // Files of both are there at once.
    let other = dir.path().join("other");
    std::fs::create_dir(&other).unwrap();
    let sets = |sets: &[&str]| sets.iter().map(|set| (*set).to_owned()).collect::<Vec<_>>();
    let table = [
        // A layer in the middle of the generator: before the first step already.
        Planted {
            sets: vec![planted(dir.path(), "generator", &[("main.2.weight", large)])],
            found: ("discriminator", "samples", "generator.main.2.weight", None),
        },
        // One of the discriminator.
        Planted {
            sets: vec![planted(dir.path(), "discriminator", &[("main.4.weight", large)])],
            found: ("discriminator", "loss", "discriminator.main.4.weight", None),
        },
        // A term of the loss, whose distance to its target has no square.
        Planted {
            sets: sets(&["penalty=[{kind=\"wgan-gp\",lambda=10.0,target=1e30}]"]),
            found: ("discriminator", "loss", "discriminator.main.0.weight", Some("wgan-gp")),
        },
        // The gradient of a loss that is finite: that of a product is as large as its factor is small.
        Planted {
            sets: [
                vec![planted(
                    &other,
                    "discriminator",
                    &[("main.0.weight", |w| (w * 1e-6).unwrap()), ("main.6.weight", |w| (w * 1e9).unwrap())],
                )],
                sets(&["penalty=[{kind=\"r1\",gamma=1e30}]"]),
            ]
            .concat(),
            found: ("discriminator", "gradient", "discriminator.main.0.weight", None),
        },
        // An update, a rate times a gradient: both are finite.
        Planted {
            sets: sets(&[
                "penalty=[{kind=\"r1\",gamma=1e15}]",
                "optimizer.discriminator={kind=\"sgd\",lr=1e30}",
            ]),
            found: ("discriminator", "update", "discriminator.main.0.weight", None),
        },
    ];
    for (i, Planted { sets, found: (player, part, parameter, term) }) in table.iter().enumerate() {
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        let mut trainer = Trainer::new(&run(&sets), &dir.path().join(i.to_string())).unwrap();
        let summary = trainer.run(&mut ()).unwrap();
        let Outcome::Diverged { origin: Some(origin), .. } = &summary.outcome else {
            panic!("{sets:?}: {:?}", summary.outcome)
        };
        assert_eq!((origin.step, origin.player, origin.part), (1, *player, *part), "{origin:?}");
        assert_eq!(origin.parameter.as_deref(), Some(*parameter), "{origin:?}");
        assert_eq!(origin.term.as_deref(), *term, "{origin:?}");
        assert!(summary.verdict.contains(&origin.words), "{}", summary.verdict);
    }
}
