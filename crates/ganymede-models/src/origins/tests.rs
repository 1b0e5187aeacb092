use ganymede_tensor::Shapes;

use super::*;
use crate::{DISCRIMINATORS, DiscriminatorConfig, Evidence};

fn config(text: &str) -> std::result::Result<DiscriminatorConfig, ModelError> {
    DiscriminatorConfig::from_table(&text.parse().unwrap())
}

/// The score, then a number for each generator, of the one last layer.
#[test]
fn the_last_layer_is_the_score_and_the_classifier() {
    for (text, io) in [
        ("kind = 'mlp'\nwidth = 5\nlayers = 2", Io::new([2])),
        ("kind = 'dcgan'\nwidth = 3\nminibatch = 'stddev'", Io::new([1, 16, 16])),
        ("kind = 'sndcgan'\nwidth = 8", Io::new([1, 16, 16])),
        ("kind = 'sngan'\nwidth = 4\nmembers = 2", Io::new([1, 32, 32])),
    ] {
        let build = |text: &str| {
            let config = config(text).unwrap();
            assert!(config.check().is_empty() && config.fits(&io).is_empty(), "{text}");
            config.build(&io, Rng::new(3), DType::F32, &Device::Cpu).unwrap()
        };
        let told = build(&format!("{text}\norigins = 4"));
        let plain = build(&format!("{text}\nscores = 5"));
        let x = Rng::new(1).normal([&[3], &io.sample[..]].concat(), DType::F32, &Device::Cpu).unwrap();
        let said = told.forward(DiscriminatorInput::new(&x), Mode::Eval).unwrap();
        let all = plain.forward(DiscriminatorInput::new(&x), Mode::Eval).unwrap().scores;
        assert!(said.class_logits.is_none());
        let several = text.contains("members");
        assert_eq!(said.scores.dims(), if several { &[3, 2][..] } else { &[3] });
        let logits = said.origin_logits.unwrap();
        assert_eq!(logits.dims(), [3, 4]);
        let (all, logits) = (all.to_vec2::<f32>().unwrap(), logits.to_vec2::<f32>().unwrap());
        for (all, logits) in all.iter().zip(&logits) {
            // Of several the mean.
            let wanted = |i: usize| if several { (all[1 + i] + all[6 + i]) / 2.0 } else { all[1 + i] };
            (0..4).for_each(|i| assert!((logits[i] - wanted(i)).abs() < 1e-6));
        }
    }
}

#[test]
fn settings_are_written_read_and_read_off_weights() {
    for text in ["kind = 'mlp'\norigins = 3", "kind = 'dcgan'\nwidth = 3\nscores = 2\norigins = 3"] {
        let one = config(text).unwrap();
        let traits = one.traits();
        assert_eq!((traits.scores, traits.origins), (if text.contains("scores") { 2 } else { 1 }, 3));
        assert_eq!(DiscriminatorConfig::from_table(&one.write()).unwrap(), one);
    }
    let one = config("kind = 'mlp'\nwidth = 5\nlayers = 2\norigins = 3").unwrap();
    let net = one.build(&Io::new([2]), Rng::new(0), DType::F32, &Device::Cpu).unwrap();
    let state = net.params().state_dict();
    let shapes: Shapes = state.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect();
    let kind = DISCRIMINATORS.iter().find(|kind| kind.name == "mlp").unwrap();
    let infer = |given: &str| {
        let given = given.parse().unwrap();
        DiscriminatorConfig::infer_from(kind, &Evidence { shapes: &shapes, given: &given, side: None })
    };
    assert_eq!(infer("origins = 3").unwrap().0, one);
    assert!(infer("scores = 4").is_ok());
    assert!(infer("").unwrap_err().to_string().contains("4 numbers, not a score"));
}

#[test]
fn what_cannot_be_is_refused() {
    let problems = |text: &str| {
        let config = config(text).unwrap();
        config.check().iter().map(|problem| format!("{}: {problem}", problem.field)).collect::<Vec<_>>()
    };
    assert!(problems("kind = 'mlp'\norigins = 0")[0].contains("origins: found 0"));
    assert!(problems("kind = 'mlp'\norigins = 100")[0].contains("at most 64"));
    let found = problems("kind = 'dcgan'\nconditioning = 'projection'\norigins = 2");
    assert!(found[0].starts_with("origins: found 2") && found[0].contains("projection"), "{found:?}");
    let found = problems("kind = 'dcgan'\ngradient_normalised = true\nscores = 2\nnorm = 'none'");
    assert!(found[0].starts_with("gradient_normalised"), "{found:?}");
    let refusal = |text: &str| config(text).unwrap_err().to_string();
    let message = refusal("kind = 'r3gan'\norigins = 2");
    assert!(message.contains("origins") && !message.contains("`scores`"), "{message}");
    assert!(refusal("kind = 'mlp'\norigins = 'two'").contains("origins"));
}
