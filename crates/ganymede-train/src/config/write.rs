//! From a complete run back to a file that resolves to it: `run.toml`.

use ganymede_losses::gman::Aggregate;

use super::file::{
    AboutFile, DataFile, InitFile, LimitsFile, LogFile, LossFile, OptimizersFile, RUN_SCHEMA, RunFile,
    RunSection,
};
use super::growth::GrowthConfig;
use super::resolve::{CROPS, SPLITS};
use super::{
    Course, InitConfig, PenaltyConfig, Run, augment, average, eval, loss, monitor, moves, pairs, schedule,
};
use crate::config::write_course;
use crate::trainer::terms::TermConfig;

impl Run {
    /// The file in which every key is written out; it resolves to this run again.
    pub fn to_file(&self) -> RunFile {
        RunFile {
            schema: Some(RUN_SCHEMA),
            preset: self.preset.clone(),
            penalty: Some(self.penalties.iter().map(PenaltyConfig::write).collect()),
            term: Some(self.terms.iter().map(TermConfig::write).collect()),
            about: AboutFile { ..self.about.clone() },
            run: self.run_section(),
            data: self.data_section(),
            generator: self.generator.write(),
            discriminator: self.discriminator.write(),
            init: self.init_section(),
            scheme: self.scheme.write(),
            augment: augment::write(&self.augment),
            loss: self.loss_section(),
            optimizer: OptimizersFile {
                n_critic: Some(moves::write_n_critic(&self.n_critic)),
                n_critic_ratio: self.n_critic.ratio,
                accumulate: Some(self.accumulate),
                weight_clip: Some(self.weight_clip.unwrap_or(0.0)),
                clip_norm_g: Some(self.clip_norm_g.unwrap_or(0.0)),
                clip_norm_d: Some(self.clip_norm_d.unwrap_or(0.0)),
                lookahead: Some(self.lookahead.map_or(0, |lookahead| lookahead.every)),
                lookahead_alpha: self.lookahead.map(|lookahead| lookahead.alpha),
                generator: self.optimizer_g.write(),
                discriminator: self.optimizer_d.write(),
            },
            schedule: schedule::write(&self.schedule),
            growth: self.growth.as_ref().map(GrowthConfig::write).unwrap_or_default(),
            ema: average::write(self.ema.as_ref()),
            log: LogFile {
                log_every: Some(self.log.log_every),
                sample_every: Some(self.log.sample_every),
                checkpoint_every: Some(self.log.checkpoint_every),
                keep_every: Some(self.log.keep_every),
                samples: Some(self.log.samples),
                tensorboard: Some(self.log.tensorboard),
            },
            eval: eval::write(self.eval.as_ref(), self.data.is_toy()),
            monitor: monitor::write(self.monitor.as_ref()),
            limits: LimitsFile { minutes: Some(self.minutes.unwrap_or(0.0)) },
        }
    }

    /// `run.toml`'s text.
    pub fn to_toml(&self) -> String {
        toml::to_string(&self.to_file()).expect("a run file holds only what TOML can say")
    }

    fn data_section(&self) -> DataFile {
        let data = &self.data;
        let mut section = DataFile {
            name: Some(data.name.clone()),
            resolution: data.resolution,
            channels: data.channels,
            crop: (!data.is_toy()).then(|| name_of(&CROPS, data.crop)),
            split: (!data.is_toy()).then(|| name_of(&SPLITS, data.split)),
            subset: data.subset,
            flip: Some(data.flip),
            strict: Some(data.strict),
            vectors: data.vectors.clone(),
            augment: (!data.augment.is_empty())
                .then(|| data.augment.iter().map(|part| part.name().to_owned()).collect()),
            ..DataFile::default()
        };
        pairs::write(data.pairs, &mut section);
        section
    }

    fn loss_section(&self) -> LossFile {
        let several = self.discriminator.traits().members > 1;
        let lambda = match self.aggregate {
            Aggregate::Softmax { lambda } => Some(lambda),
            Aggregate::Mean | Aggregate::Max => None,
        };
        LossFile {
            members: several.then(|| self.aggregate.name().to_owned()),
            lambda,
            top_k: (self.top_k != Course::Constant { value: 1.0 }).then(|| write_course(&self.top_k)),
            real_label: Some(self.smoothing.real),
            ..loss::write(&self.loss)
        }
    }

    fn init_section(&self) -> InitFile {
        let InitConfig { generator, discriminator, freeze } = self.init.clone();
        InitFile { generator, discriminator, freeze: (freeze > 0).then_some(freeze) }
    }

    fn run_section(&self) -> RunSection {
        RunSection {
            // What it filled in stands in the file itself.
            auto: None,
            seed: Some(self.seed),
            steps: Some(self.steps),
            kimg: None,
            batch: Some(self.batch),
            device: Some(self.device.to_string()),
            threads: Some(self.threads),
            silence: Some(self.silence.clone()),
        }
    }
}

fn name_of<T: PartialEq>(options: &[(&str, T)], value: T) -> String {
    let found = options.iter().find(|(_, option)| *option == value);
    found.expect("every value has a name").0.to_owned()
}
