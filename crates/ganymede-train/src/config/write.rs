//! From a complete run back to a file that resolves to it: `run.toml`.

use super::file::{
    AboutFile, DataFile, EmaFile, LimitsFile, LogFile, LossFile, OptimizersFile, RUN_SCHEMA, RunFile,
    RunSection, ScheduleFile,
};
use super::resolve::{CROPS, SPLITS};
use super::{Run, Schedule, eval, network, optimizer, penalty};

impl Run {
    /// The file in which every key is written out; it resolves to this run again.
    pub fn to_file(&self) -> RunFile {
        RunFile {
            schema: Some(RUN_SCHEMA),
            preset: self.preset.clone(),
            penalty: Some(self.penalties.iter().map(penalty::write).collect()),
            about: AboutFile { ..self.about.clone() },
            run: self.run_section(),
            data: DataFile {
                name: Some(self.data.name.clone()),
                resolution: self.data.resolution,
                channels: self.data.channels,
                crop: (!self.data.is_toy()).then(|| name_of(&CROPS, self.data.crop)),
                split: (!self.data.is_toy()).then(|| name_of(&SPLITS, self.data.split)),
                flip: Some(self.data.flip),
                strict: Some(self.data.strict),
            },
            generator: network::write(&self.generator.network, Some(self.generator.z_dim)),
            discriminator: network::write(&self.discriminator, None),
            loss: LossFile { kind: Some(self.loss.name().to_owned()), real_label: Some(self.smoothing.real) },
            optimizer: OptimizersFile {
                n_critic: Some(self.n_critic),
                weight_clip: Some(self.weight_clip.unwrap_or(0.0)),
                generator: optimizer::write(&self.optimizer_g),
                discriminator: optimizer::write(&self.optimizer_d),
            },
            schedule: self.schedule_section(),
            ema: EmaFile {
                enabled: Some(self.ema.is_some()),
                decay: self.ema.map(|ema| ema.decay),
                warmup: self.ema.map(|ema| ema.warmup),
            },
            log: LogFile {
                log_every: Some(self.log.log_every),
                sample_every: Some(self.log.sample_every),
                checkpoint_every: Some(self.log.checkpoint_every),
                keep_every: Some(self.log.keep_every),
                samples: Some(self.log.samples),
            },
            eval: eval::write(self.eval.as_ref(), self.data.is_toy()),
            limits: LimitsFile { minutes: Some(self.minutes.unwrap_or(0.0)) },
        }
    }

    /// `run.toml`'s text.
    pub fn to_toml(&self) -> String {
        toml::to_string(&self.to_file()).expect("a run file holds only what TOML can say")
    }

    fn run_section(&self) -> RunSection {
        RunSection {
            seed: Some(self.seed),
            steps: Some(self.steps),
            kimg: None,
            batch: Some(self.batch),
            device: Some(self.device.to_string()),
            threads: Some(self.threads),
        }
    }

    fn schedule_section(&self) -> ScheduleFile {
        match self.schedule {
            Schedule::Constant => ScheduleFile { kind: Some("constant".into()), ..ScheduleFile::default() },
            Schedule::Linear { from_step, to_step, final_factor } => ScheduleFile {
                kind: Some("linear".into()),
                from_step: Some(from_step),
                to_step: Some(to_step),
                final_factor: Some(final_factor),
            },
        }
    }
}

fn name_of<T: PartialEq>(options: &[(&str, T)], value: T) -> String {
    let found = options.iter().find(|(_, option)| *option == value);
    found.expect("every value has a name").0.to_owned()
}
