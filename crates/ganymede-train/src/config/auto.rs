//! `run.auto`: what a file leaves out, as another program chooses it from resolution and batch.

use ganymede_models::Stylegan2Auto;
use toml::{Table, Value};

use super::check::Check;
use super::file::RunFile;

/// The side of images where none is given.
pub(super) const USUAL_SIDE: usize = 32;

/// The file with what it leaves out filled in; as it is where it does not ask.
pub(super) fn filled(file: &RunFile, check: &mut Check) -> RunFile {
    let mut file = file.clone();
    let options = [("none", false), ("stylegan2", true)];
    if !check.choose("run.auto", file.run.auto.take().as_deref(), false, &options) {
        return file;
    }
    let auto = Stylegan2Auto::new(file.data.resolution.unwrap_or(USUAL_SIDE), file.run.batch);
    file.run.batch.get_or_insert(auto.batch);
    let (base, layers, group) = (auto.channel_base, auto.mapping_layers, auto.mbstd_group);
    let generator = [("channel_base", whole(base)), ("mapping_layers", whole(layers))];
    fill("stylegan2", &mut file.generator, generator);
    let discriminator = [("channel_base", whole(base)), ("mbstd_group", whole(group))];
    fill("stylegan2", &mut file.discriminator, discriminator);
    for penalty in file.penalty.iter_mut().flatten() {
        fill("r1", penalty, [("gamma", auto.r1_gamma.into())]);
    }
    for rule in [&mut file.optimizer.generator, &mut file.optimizer.discriminator] {
        rule.entry("kind").or_insert("adam".into());
        let adam = [("lr", auto.learning_rate.into()), ("beta1", 0.0.into()), ("beta2", 0.99.into())];
        fill("adam", rule, adam);
    }
    let ema = &mut file.ema;
    if ema.decay.is_none() && ema.warmup.is_none() {
        ema.half_life_kimg.get_or_insert(auto.ema_kimg);
        ema.rampup.get_or_insert(auto.ema_rampup);
    }
    file
}

fn whole(n: usize) -> Value {
    Value::Integer(n as i64)
}

/// Fills in what is left out of a table of that kind.
fn fill<const N: usize>(kind: &str, table: &mut Table, settings: [(&str, Value); N]) {
    if table.get("kind").and_then(Value::as_str) == Some(kind) {
        for (key, value) in settings {
            table.entry(key).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use ganymede_losses::Penalty;

    use super::*;
    use crate::config::{Average, Layers};

    const AUTO: &str = "
penalty = [{ kind = \"r1\", interval = 16 }]
[run]
auto = \"stylegan2\"
[data]
resolution = 256
[generator]
kind = \"stylegan2\"
[discriminator]
kind = \"stylegan2\"
";

    #[test]
    fn what_is_left_out_is_as_the_authors_program_chooses_it() {
        let run = Layers::text(AUTO, "test", None).unwrap().resolve().unwrap();
        let auto = Stylegan2Auto::new(256, None);
        assert_eq!(run.batch, auto.batch);
        assert_eq!(run.penalties[0].penalty.start(), &Penalty::R1 { gamma: auto.r1_gamma });
        assert_eq!(run.ema, Some(Average::HalfLife { kimg: auto.ema_kimg, rampup: auto.ema_rampup }));
        let text = run.to_toml();
        for line in
            ["lr = 0.0025", "beta2 = 0.99", "channel_base = 16384", "mapping_layers = 2", "mbstd_group = 4"]
        {
            assert!(text.contains(line), "{line} is missing:\n{text}");
        }
        assert!(!text.contains("auto = \"stylegan2\""), "{text}");
        assert_eq!(Layers::text(&text, "again", None).unwrap().resolve().unwrap(), run);
    }

    #[test]
    fn what_is_given_stays_and_the_rest_follows_the_batch() {
        let mut layers = Layers::text(AUTO, "test", None).unwrap();
        layers.set(&["run.batch=64", "optimizer.generator.lr=0.001", "generator.channel_base=1024"]).unwrap();
        layers.set(&["ema.decay=0.9", "optimizer.discriminator.kind=sgd"]).unwrap();
        let run = layers.resolve().unwrap();
        let gamma = Stylegan2Auto::new(256, Some(64)).r1_gamma;
        assert_eq!(run.penalties[0].penalty.start(), &Penalty::R1 { gamma });
        assert_eq!(run.optimizer_g.start().lr(), 0.001);
        assert_eq!(run.optimizer_d.start().name(), "sgd");
        assert!(matches!(run.ema, Some(Average::Decay { .. })));
        assert!(run.to_toml().contains("channel_base = 1024"));
        let mut layers = Layers::text(AUTO, "test", None).unwrap();
        layers.set(&["run.auto=stylegan3"]).unwrap();
        assert!(layers.resolve().unwrap_err().to_string().contains("run.auto"));
    }
}
