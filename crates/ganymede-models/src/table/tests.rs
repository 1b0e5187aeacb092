use toml::Table;

use super::*;

fn table(text: &str) -> Table {
    text.parse().unwrap()
}

#[test]
fn every_network_is_named_described_and_found() {
    let check = |name: &str, summary: &str, paper: &str| {
        assert!(!summary.is_empty() && !summary.contains('\n'), "{name}");
        assert!(paper.contains("arXiv:"), "{name}");
    };
    for kind in GENERATORS {
        check(kind.name, kind.summary, kind.paper);
        assert_eq!(GeneratorKind::named(kind.name).unwrap().name, kind.name);
        assert!((kind.examples)().iter().all(|(_, io)| SampleKind::of(&io.sample) == kind.samples));
    }
    for kind in DISCRIMINATORS {
        check(kind.name, kind.summary, kind.paper);
        assert_eq!(DiscriminatorKind::named(kind.name).unwrap().name, kind.name);
        assert!((kind.examples)().iter().all(|(_, io)| SampleKind::of(&io.sample) == kind.samples));
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = GENERATORS.iter().map(|kind| kind.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), GENERATORS.len());
    let mut names: Vec<&str> = DISCRIMINATORS.iter().map(|kind| kind.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), DISCRIMINATORS.len());
}

#[test]
fn unknown_names_offer_the_nearest() {
    let message = GeneratorKind::named("dcgna").unwrap_err().to_string();
    assert!(
        message.starts_with("there is no generator named \"dcgna\", did you mean \"dcgan\"?"),
        "{message}"
    );
    let message = DiscriminatorKind::named("xyz").unwrap_err().to_string();
    assert!(message.starts_with("there is no discriminator named \"xyz\"; known are "), "{message}");
}

#[test]
fn unknown_settings_and_wrong_types_are_named() {
    let refusal = |text: &str| GeneratorConfig::from_table(&table(text)).unwrap_err().to_string();
    let message = refusal("kind = \"dcgan\"\nwdith = 32");
    assert!(message.contains("wdith") && message.contains("width"), "{message}");
    assert!(refusal("kind = \"mlp\"\nnorm = \"batch\"").contains("norm"));
    assert!(refusal("width = 32").contains("no generator named \"\""));
    for (text, found) in [("width = \"wide\"", "wide"), ("norm = \"bacth\"", "bacth"), ("width = -1", "-1")] {
        let fault = GeneratorConfig::read(&dcgan::GENERATOR, &table(text)).unwrap_err();
        assert_eq!(fault.path, [text.split(' ').next().unwrap()], "{text}");
        assert!(fault.message.contains(found), "{fault}");
    }
}

#[test]
fn a_configuration_is_its_settings_not_how_they_were_typed() {
    let all = GeneratorConfig::from_table(&table("kind = \"dcgan\"\nnorm = \"batch\"")).unwrap();
    let bare = GeneratorConfig::from_table(&table("kind = \"dcgan\"")).unwrap();
    assert_eq!(all, bare);
    assert_eq!(GeneratorConfig::from_table(&bare.write()).unwrap(), bare);
    let other = GeneratorConfig::from_table(&table("kind = \"dcgan\"\nwidth = 8")).unwrap();
    assert_ne!(other, bare);
    // What follows from another setting is written down.
    let d = DiscriminatorConfig::from_table(&table("kind = \"dcgan\"\nspectral = true")).unwrap();
    assert_eq!(d.write()["norm"].as_str(), Some("none"));
}

#[test]
fn what_weights_do_not_tell_is_not_guessed() {
    let error = GeneratorConfig::infer(&mlp::GENERATOR, &Shapes::new()).unwrap_err();
    assert!(matches!(error, ModelError::NotInferable { model: "mlp", .. }));
}
