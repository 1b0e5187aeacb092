//! Networks whose settings are read off the references' weights give the references' outputs.

use ganymede_models::{
    Condition, DiscriminatorInput, GeneratorInput, Hints, Latents, Mode, Network, NetworkKind, Role,
    recognise,
};
use ganymede_tensor::{DType, Device, Rng, Shapes, Tensor};
use toml::Table;

use crate::support::Fixture;

/// What the network of a case gives, its state dict being all that is known, and `settings`.
fn output(
    fixture: &Fixture,
    case: &str,
    state: &str,
    kind: NetworkKind,
    settings: &Table,
    side: usize,
) -> Tensor {
    let tensors = fixture.below(&format!("{case}/{state}"));
    let shapes: Shapes =
        tensors.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect();
    let hints = Hints { settings: settings.clone(), side: Some(side), dialect: None };
    let found = recognise(kind, &shapes, &hints).unwrap_or_else(|error| panic!("{case}: {error}"));
    assert_eq!(found.io.sample, [3, side, side], "{case}");
    let condition = match fixture.has(&format!("{case}/labels")) {
        true => Condition::Classes(fixture.get(&format!("{case}/labels")).to_dtype(DType::U32).unwrap()),
        false => Condition::None,
    };
    let (x, state) = (fixture.get(&format!("{case}/input")), found.tensors(&tensors).unwrap());
    let rng = Rng::new(0);
    match &found.network {
        Network::Generator(config) => {
            let net = config.build(&found.io, rng, DType::F32, &Device::Cpu).unwrap();
            net.params().load_state_dict(&state).unwrap();
            let latents = Latents::new(x);
            let input = GeneratorInput::new(&latents).with_condition(&condition);
            net.forward(input, Mode::Eval).unwrap().samples
        }
        Network::Discriminator(config) => {
            let net = config.build(&found.io, rng, DType::F32, &Device::Cpu).unwrap();
            net.params().load_state_dict(&state).unwrap();
            let input = DiscriminatorInput::new(&x).with_condition(&condition);
            net.forward(input, Mode::Eval).unwrap().scores
        }
    }
}

fn check(file: &str, case: &str, kind: &str, side: usize, [state, expected]: [&str; 2], of_generator: &str) {
    let fixture = Fixture::open(file, DType::F32);
    for (role, end) in [(Role::Generator, "g"), (Role::Discriminator, "d")] {
        let settings = if role == Role::Generator { of_generator } else { "" };
        let settings: Table = settings.parse().unwrap();
        let (case, kind) = (format!("{case}_{end}"), NetworkKind::named(role, kind).unwrap());
        let output = output(&fixture, &case, state, kind, &settings, side);
        fixture.assert(&format!("{case}/{expected}"), &output);
    }
}

#[test]
fn networks_of_torch_mimicry() {
    for (case, kind, side) in [
        ("sngan_32", "sngan", 32),
        ("sngan_64", "sngan", 64),
        ("wgan_gp_32", "wgan-gp-resnet", 32),
        ("sagan_32", "sagan", 32),
        ("cgan_pd_32", "sngan", 32),
    ] {
        check("resnet", case, kind, side, ["imported", "eval"], "");
    }
}

#[test]
fn networks_of_biggan_under_our_names() {
    // Which of the maps attention stands behind is in the authors' names, and not in ours.
    check("biggan", "biggan_32", "biggan", 32, ["imported", "eval"], "attention = [16]");
    check("biggan", "biggan_64", "biggan", 64, ["imported", "eval"], "");
}

#[test]
fn networks_of_r3gan() {
    check("r3gan", "r3gan_64", "r3gan", 64, ["before", "train"], "");
    check("r3gan", "r3gan_16", "r3gan", 16, ["before", "train"], "");
}
