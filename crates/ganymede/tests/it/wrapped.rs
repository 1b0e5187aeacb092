//! Weights of one generator, in the wrappers that training programs put around them.

use std::path::{Path, PathBuf};

use ganymede_models::{Condition, GeneratorKind};
use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{Device, Tensor, load_weights};
use ganymede_train::Sampler;

use crate::common::{call, expect, text};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/wrapped").join(name)
}

fn tensor(file: &str, name: &str) -> Tensor {
    load_weights(&fixture(file), None, &Device::Cpu).unwrap()[name].clone()
}

#[track_caller]
fn draws_the_images(file: &str, key: Option<&str>) -> String {
    let sampler =
        Sampler::from_weights(&fixture(file), GeneratorKind::named("dcgan").unwrap(), key, &Device::Cpu);
    let sampler = sampler.unwrap_or_else(|error| panic!("{file}: {error}"));
    let z = tensor("latents.safetensors", "z").reshape(((), sampler.z_dim())).unwrap();
    let tol = Tol { rel: 1e-5, abs: 1e-5 };
    assert_close(
        &sampler.generate(&z, &Condition::None).unwrap(),
        &tensor("images.safetensors", "images"),
        tol,
    );
    sampler.note().unwrap_or_default().to_owned()
}

#[test]
fn a_generator_is_found_in_every_wrapper() {
    for (file, says) in [
        ("averaged.pth", &["under `module`", "`n_averaged`"][..]),
        ("averaged-legacy.tar", &["under `module`", "`n_averaged`"]),
        ("parallel.pth", &["under `module`"]),
        ("compiled.pth", &["under `module._orig_mod`"]),
        ("compiled-inside.pth", &[]),
        ("extra.pth", &["left out are `fixed_noise`, `loss.weight`"]),
        ("list.pt", &["under `1`", "left out are `0`"]),
        ("lightning.ckpt", &["under `state_dict.generator`", "discriminator"]),
        ("nested.pth", &["under `models.G.ema.weights`", "`models.D`"]),
        ("prefixes.safetensors", &["under `net_G`", "`net_D.main.0.weight`", "`step`"]),
        ("double.safetensors", &["under `module`"]),
    ] {
        let note = draws_the_images(file, None);
        assert!(says.iter().all(|word| note.contains(word)), "{file}: {note}");
    }
}

#[test]
fn of_several_generators_a_key_chooses_one() {
    let weights = fixture("several.pth");
    let args = ["sample", "--weights", text(&weights), "--model", "dcgan"];
    expect(&call(&args), 1, &["several state dicts", "--key", "`netG`, `ema`"]);
    let note = draws_the_images("several.pth", Some("ema"));
    assert!(note.contains("under `ema.module`") && note.contains("n_averaged"), "{note}");
    for key in ["ema.module", "state_dict.generator", "1", "models.G", "net_G"] {
        let file = match key {
            "ema.module" => "several.pth",
            "1" => "list.pt",
            "models.G" => "nested.pth",
            "net_G" => "prefixes.safetensors",
            _ => "lightning.ckpt",
        };
        draws_the_images(file, Some(key));
    }
}

#[test]
fn what_is_no_generator_says_what_it_is() {
    for (file, says) in [
        ("script.pt", &["TorchScript", "never run", "torch.jit.load"][..]),
        ("discriminator.pth", &["weights of a DCGAN generator"]),
        // A layer more is another network.
        ("deeper.pth", &["main.9.weight"]),
    ] {
        let error =
            Sampler::from_weights(&fixture(file), GeneratorKind::named("dcgan").unwrap(), None, &Device::Cpu)
                .err()
                .unwrap();
        let text = error.to_string();
        assert!(says.iter().all(|word| text.contains(word)) && text.contains(file), "{text}");
    }
}

#[test]
fn the_program_says_where_it_found_them() {
    let dir = tempfile::tempdir().unwrap();
    let (weights, out) = (fixture("averaged.pth"), dir.path().join("out"));
    let args = ["sample", "--weights", text(&weights), "--model", "dcgan", "--num", "1", "--out", text(&out)];
    expect(&call(&args), 0, &["note: ", "averaged.pth: the weights under `module` are taken"]);
}
