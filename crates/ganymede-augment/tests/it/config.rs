//! Settings as a configuration says them.

use ganymede_augment::{Adaptive, AugmentConfig, Diffusion, Heuristic, Part, Pipe, Probability, Timesteps};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Deserialize, Serialize)]
struct File {
    augment: AugmentConfig,
}

fn read(text: &str) -> Result<AugmentConfig, toml::de::Error> {
    toml::from_str(text).map(|file: File| file.augment)
}

#[test]
fn every_kind_has_settings_that_may_all_be_left_out() {
    for kind in AugmentConfig::NAMES {
        let config = read(&format!("[augment.{kind}]")).unwrap();
        assert_eq!(config.name(), *kind);
        config.validate().unwrap();
        let filled = config.filled();
        filled.validate().unwrap();
        let text = toml::to_string(&File { augment: filled.clone() }).unwrap();
        assert_eq!(read(&text).unwrap(), filled, "{text}");
        assert_eq!(filled.clone().filled(), filled);
    }
}

#[test]
fn what_is_left_out_is_as_in_the_papers() {
    let ada = read("[augment.ada]").unwrap();
    let adaptive = Adaptive { heuristic: Heuristic::Sign, target: 0.6, kimg: 500.0, interval: 4 };
    assert_eq!((ada.adaptive(), ada.held_out()), (Some(adaptive), None));
    assert!(matches!(ada, AugmentConfig::Ada { pipe: Pipe::BGC, p: Probability::Adaptive, .. }));
    assert_eq!(read("[augment.apa]").unwrap().adaptive(), Some(adaptive));
    let held_out = read("[augment.ada]\nheuristic = \"r_v\"").unwrap();
    let wanted = Adaptive { heuristic: Heuristic::HeldOut, target: 0.5, ..adaptive };
    assert_eq!((held_out.adaptive(), held_out.held_out()), (Some(wanted), Some(0.1)));
    let policy = AugmentConfig::DiffAugment { policy: Part::POLICY.to_vec() };
    assert_eq!(read("[augment.diffaugment]").unwrap(), policy);
    assert_eq!(read("[augment.instance-noise]").unwrap(), AugmentConfig::InstanceNoise { sigma: 0.1 });
    let diffusion = read("[augment.diffusion]").unwrap();
    assert_eq!(diffusion.adaptive(), Some(Adaptive { kimg: 100.0, ..adaptive }));
    let (t_min, t_max, beta_start, beta_end, sigma) = (5, 500, 1e-4, 2e-2, 0.05);
    let timesteps = Timesteps::Priority;
    let usual = Diffusion { t_min, t_max, beta_start, beta_end, sigma, timesteps };
    assert_eq!(diffusion.diffusion(), Some(usual));
    // Names of the papers and of this library.
    let text = "[augment.diffaugment]\npolicy = [\"color\", \"shift\"]";
    let policy = AugmentConfig::DiffAugment { policy: vec![Part::Colour, Part::Translation] };
    assert_eq!(read(text).unwrap(), policy);
    assert_eq!(read("[augment.ada]\np = 1").unwrap().probability(), Some(Probability::Fixed(1.0)));
}

#[test]
fn names_are_told_apart() {
    for (name, part) in Part::NAMES {
        assert_eq!(
            read(&format!("[augment.diffaugment]\npolicy = [\"{name}\"]")).unwrap(),
            AugmentConfig::DiffAugment { policy: vec![*part] }
        );
    }
    for pipe in Pipe::ALL {
        assert_eq!(Pipe::named(pipe.name()), Some(*pipe));
    }
}

#[test]
fn what_cannot_be_read_names_what_can() {
    for (text, wants) in [
        ("[augment.ada]\npipe = \"bcg\"", &["expected one of blit", "bgcfnc"][..]),
        ("[augment.ada]\np = \"often\"", &["often", "a number from 0 to 1, or \"adaptive\""]),
        ("[augment.ada]\nq = 1", &["q", "p, heuristic"]),
        ("[augment.ada]\nheuristic = \"rt\"", &["`r_t`", "`r_v`"]),
        ("[augment.diffaugment]\npolicy = [\"noise\"]", &["`colour`", "`cutout`"]),
        ("[augment.diffusion]\ntimesteps = \"late\"", &["`priority`", "`uniform`"]),
        ("[augment.instance-noise]\nt_min = 1", &["t_min", "sigma"]),
        ("[augment.adda]", &["adda"]),
    ] {
        let message = read(text).unwrap_err().to_string();
        assert!(wants.iter().all(|want| message.contains(want)), "{message}");
    }
}

#[test]
fn settings_out_of_range_or_at_odds_are_refused_by_name() {
    for (text, setting, want) in [
        ("[augment.ada]\np = 1.5", "p", "from 0 to 1"),
        ("[augment.apa]\np = -0.1", "p", "from 0 to 1"),
        ("[augment.ada]\np = nan", "p", "from 0 to 1"),
        ("[augment.ada]\ntarget = 1.5", "target", "from 0 to 1"),
        ("[augment.ada]\nkimg = 0", "kimg", "above 0"),
        ("[augment.apa]\nkimg = inf", "kimg", "above 0"),
        ("[augment.ada]\ninterval = 0", "interval", "1 or more"),
        ("[augment.ada]\nheuristic = \"r_v\"\nheld_out = 1.0", "held_out", "below 1"),
        ("[augment.ada]\nheld_out = 0.2", "held_out", "belongs to heuristic"),
        ("[augment.ada]\np = 0.5\ntarget = 0.6", "target", "belongs to p"),
        ("[augment.apa]\np = 0.5\nkimg = 6", "kimg", "belongs to p"),
        ("[augment.ada]\np = 0.5\nheuristic = \"r_t\"", "heuristic", "belongs to p"),
        ("[augment.instance-noise]\nsigma = -0.1", "sigma", "0 or more"),
        ("[augment.instance-noise]\nsigma = inf", "sigma", "0 or more"),
        ("[augment.diffusion]\nsigma = nan", "sigma", "0 or more"),
        ("[augment.diffusion]\np = 2", "p", "from 0 to 1"),
        ("[augment.diffusion]\np = 0.5\ntarget = 0.6", "target", "belongs to p"),
        ("[augment.diffusion]\nt_min = 0", "t_min", "1 or more"),
        ("[augment.diffusion]\nt_min = 9\nt_max = 8", "t_max", "from t_min, 9,"),
        ("[augment.diffusion]\nt_max = 10001", "t_max", "to 10000"),
        ("[augment.diffusion]\nbeta_start = 0", "beta_start", "above 0"),
        ("[augment.diffusion]\nbeta_end = 1.0", "beta_end", "below 1"),
        ("[augment.diffaugment]\npolicy = []", "policy", "is empty"),
        ("[augment.diffaugment]\npolicy = [\"color\", \"colour\"]", "policy", "`colour` twice"),
    ] {
        let message = read(text).unwrap().validate().unwrap_err().to_string();
        assert!(message.starts_with(&format!("{setting}: ")) && message.contains(want), "{text}: {message}");
    }
}
