//! What is done to samples: `[augment]`, and `data.augment`.

use ganymede_augment::{AugmentConfig, Heuristic, Part, Pipe, Probability};

use super::*;

#[test]
fn augmentation_is_read_written_and_off_unless_asked_for() {
    let run = resolve("").unwrap();
    assert_eq!((run.augment.start(), run.data.augment.len()), (&AugmentConfig::None {}, 0));
    // A run file of before this section is the file that it was.
    assert!(!run.to_toml().contains("augment"));
    assert_eq!(resolve("[augment]\nkind = 'none'").unwrap(), run);
    for text in [
        "kind = 'diffaugment'",
        "kind = 'diffaugment'\npolicy = ['color', 'cutout']",
        "kind = 'ada'",
        "kind = 'ada'\npipe = 'bgcfnc'\np = 0.3",
        "kind = 'ada'\nheuristic = 'r_v'\nheld_out = 0.2",
        "kind = 'ada'\np = { kind = 'linear', from = 0, to = 0.8, to_step = 500 }",
        "kind = 'ada'\ntarget = 0.5\nkimg = { kind = 'linear', from = 100, to = 500, to_step = 9 }",
        "kind = 'apa'\np = 0.2",
        "kind = 'apa'\ninterval = 8",
        "kind = 'instance-noise'",
        "kind = 'instance-noise'\nsigma = { kind = 'linear', from = 0.3, to = 0 }\n[data]\nname = 'ring'",
        "kind = 'diffusion'",
        "kind = 'diffusion'\nkimg = 20\ntimesteps = 'uniform'\n[data]\nname = 'ring'",
        "kind = 'diffusion'\np = 0.5\nt_min = 10\nt_max = 1000\nsigma = { kind = 'linear', from = 1, to = 0.1 }",
        "kind = 'diffusion'\np = 0.5\n[loss]\nkind = 'wasserstein'\n[optimizer]\nweight_clip = 0.01",
    ] {
        let run = resolve(&format!("[augment]\n{text}")).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(resolve(&run.to_toml()).unwrap(), run, "{text}");
        assert_eq!(run.warnings(), []);
    }
}

#[test]
fn what_is_left_out_is_written_down() {
    let run = resolve("[augment]\nkind = 'ada'").unwrap();
    assert_eq!(
        *run.augment.start(),
        AugmentConfig::Ada {
            pipe: Pipe::BGC,
            p: Probability::Adaptive,
            heuristic: Some(Heuristic::Sign),
            target: Some(0.6),
            kimg: Some(500.0),
            interval: Some(4),
            held_out: None,
        }
    );
    let course = "[augment]\nkind = 'ada'\np = { kind = 'linear', from = 0, to = 0.8, to_step = 10 }";
    let at = |step| resolve(course).unwrap().augment.at(step).probability();
    assert_eq!([at(0), at(5), at(99)], [0.0, 0.4, 0.8].map(|p| Some(Probability::Fixed(p))));
    let written = resolve("[augment]\nkind = 'diffusion'").unwrap().to_toml();
    for setting in
        ["target = 0.6", "kimg = 100.0", "interval = 4", "t_min = 5", "t_max = 500", "beta_end = 0.02"]
    {
        assert!(written.contains(setting), "{setting}: {written}");
    }
    let fall =
        "[augment]\nkind = 'instance-noise'\nsigma = { kind = 'linear', from = 0.4, to = 0, to_step = 10 }";
    let at = |step| resolve(fall).unwrap().augment.at(step);
    let noise = |sigma| AugmentConfig::InstanceNoise { sigma };
    assert_eq!([at(0), at(5), at(99)], [0.4, 0.2, 0.0].map(noise));
}

#[test]
fn augmentation_that_cannot_be_is_refused_with_the_way_out() {
    for (text, wants) in [
        ("kind = 'adda'", &["augment.kind: there is no `adda`; did you mean `ada`"][..]),
        ("p = 0.5", &["augment.p: `none` has no such setting"]),
        ("kind = 'ada'\np = 1.5", &["augment.p: found 1.5, expected a number from 0 to 1"]),
        ("kind = 'apa'\np = -1", &["augment.p: found -1"]),
        (
            "kind = 'ada'\np = 'often'",
            &["augment.p: found \"often\", expected a number from 0 to 1, or \"adaptive\""],
        ),
        ("kind = 'ada'\np = { kind = 'linear', from = 0, to = 2 }", &["augment.p: found 2 on its course"]),
        ("kind = 'ada'\npipe = 'bcg'", &["augment.pipe: found \"bcg\", expected one of blit", "bgcfnc"]),
        ("kind = 'ada'\np = 0.5\ntarget = 0.5", &["augment.target: belongs to p = \"adaptive\""]),
        ("kind = 'ada'\nheld_out = 0.5", &["augment.held_out: belongs to heuristic = \"r_v\""]),
        ("kind = 'ada'\nheld_out = { kind = 'constant', value = 0.5 }", &["augment.held_out: is one number"]),
        ("kind = 'ada'\ninterval = 0", &["augment.interval: found 0"]),
        ("kind = 'ada'\ninterval = 1.5", &["augment.interval: found 1.5, expected a whole number"]),
        (
            "kind = 'ada'\ninterval = { kind = 'constant', value = 4 }",
            &["augment.interval", "expected a whole number"],
        ),
        ("kind = 'diffaugment'\npolicy = ['colours']", &["augment.policy.0: found \"colours\"", "`colour`"]),
        ("kind = 'diffaugment'\npolicy = []", &["augment.policy: is empty"]),
        ("kind = 'diffaugment'\np = 0.5", &["augment.p: `diffaugment` has no such setting"]),
        (
            "kind = 'ada'\n[loss]\nkind = 'wasserstein'",
            &["augment.p: r_t is the sign", "give a number, or heuristic"],
        ),
        ("kind = 'apa'\n[loss]\nkind = 'wasserstein'", &["augment.p: r_t is the sign"]),
        (
            "kind = 'diffusion'\n[loss]\nkind = 'wasserstein'",
            &["augment.p: r_t is the sign", "give a number"],
        ),
        ("kind = 'instance-noise'\nsigma = -1", &["augment.sigma: found -1, expected a number of 0 or more"]),
        ("kind = 'instance-noise'\nsigma = 1001", &["augment.sigma: found 1001", "at most 1000"]),
        (
            "kind = 'instance-noise'\nsigma = { kind = 'linear', from = 0.1, to = -0.1 }",
            &["augment.sigma: found -0.1 on its course"],
        ),
        ("kind = 'instance-noise'\nt_max = 5", &["augment.t_max: `instance-noise` has no such setting"]),
        ("kind = 'diffusion'\nt_max = 4", &["augment.t_max: found 4, expected a whole number from t_min, 5"]),
        ("kind = 'diffusion'\nbeta_end = 1.0", &["augment.beta_end: found 1"]),
        ("kind = 'diffusion'\ntimesteps = 'late'", &["augment.timesteps", "`priority`"]),
        (
            "kind = 'apa'\np = 0.5\n[loss]\nkind = 'relativistic-paired'",
            &["augment.kind: `relativistic-paired` shows"],
        ),
        (
            "kind = 'ada'\np = 0.5\npipe = 'bgcf'\n[data]\nresolution = 16",
            &["augment.kind", "more than 21 pixels"],
        ),
        ("kind = 'ada'\n[data]\nname = 'ring'", &["augment.kind: `ada`", "changes images"]),
        (
            "kind = 'apa'\n[data]\npairs = 'edges'",
            &["augment.kind: data.pairs gives each image one beside it"],
        ),
    ] {
        check_refused(&format!("[augment]\n{text}"), wants);
    }
    // Noise moves nothing, so that it may stand beside another image.
    for kind in ["instance-noise", "diffusion"] {
        let text = format!("[augment]\nkind = '{kind}'\n[data]\npairs = 'edges'");
        assert!(resolve(&text).is_ok(), "{kind}");
    }
    // Without a border between scores there is still the other heuristic, or a number.
    for how in ["heuristic = 'r_v'", "p = 0.5"] {
        let text = format!("[augment]\nkind = 'ada'\n{how}\n[loss]\nkind = 'wasserstein'");
        assert!(resolve(&text).is_ok(), "{how}");
    }
}

#[test]
fn changes_of_real_images_alone_are_taken_and_warned_of() {
    let text = "[data]\naugment = ['shift', 'crop', 'colour', 'cutout']";
    let run = resolve(text).unwrap();
    assert_eq!(run.data.augment, [Part::Translation, Part::Crop, Part::Colour, Part::Cutout]);
    assert_eq!(resolve(&run.to_toml()).unwrap(), run);
    assert_eq!(run.warnings()[0].rule, "augmented-reals");
    for (text, want) in [
        ("augment = ['shfit']", "data.augment: there is no `shfit`; did you mean `shift`?"),
        ("augment = ['shift', 'translation']", "data.augment: has `translation` twice"),
        ("augment = ['shift']\nname = 'ring'", "data.augment: only images"),
        ("augment = ['shift']\npairs = 'edges'", "data.augment: data.pairs gives each image"),
    ] {
        check_refused(&format!("[data]\n{text}"), &[want]);
    }
}

#[test]
fn a_resume_changes_no_augmentation() {
    let begun = resolve("[augment]\nkind = 'ada'").unwrap();
    for (text, key) in [
        ("", "augment.kind"),
        ("[augment]\nkind = 'ada'\ntarget = 0.5", "augment.target"),
        ("[augment]\nkind = 'ada'\n[data]\naugment = ['shift']", "data.augment"),
    ] {
        let refused = begun.changes_on_resume(&resolve(text).unwrap()).unwrap_err().to_string();
        assert!(refused.contains(key), "{refused}");
    }
}
