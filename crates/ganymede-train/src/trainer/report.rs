//! The summary of a run.

use std::path::Path;

use super::{CHECKPOINT_SCHEMA, Trainer};
use crate::config::RUN_SCHEMA;
use crate::outcome::Outcome;
use crate::summary::{BestSummary, DataSummary, Files, RunSummary, SUMMARY_SCHEMA, Summary, Versions};
use crate::verdict::verdict;

impl Trainer {
    pub(super) fn summary(&self, outcome: Outcome) -> Summary {
        let metric = self.metric.as_ref().map(|entry| entry.metric.clone());
        let images = self.game.images();
        Summary {
            schema: SUMMARY_SCHEMA,
            verdict: verdict(&outcome, &self.history, metric.as_ref(), &self.monitor.watched()),
            outcome,
            step: self.game.step(),
            steps: self.run.steps,
            resumed_from: self.resumed_from,
            images,
            seconds: self.clock.total(),
            images_per_second: self.clock.images_per_second(images),
            data_wait: self.game.data_wait(),
            last: self.last.clone(),
            alerts: self.monitor.raised(),
            metric,
            best: self.best.clone().map(|best| BestSummary { rule: best.metric.rule(), best }),
            run: self.run_summary(),
            files: self.files(),
            versions: Versions {
                ganymede: env!("CARGO_PKG_VERSION"),
                checkpoint_schema: CHECKPOINT_SCHEMA,
                run_schema: RUN_SCHEMA,
                platform: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            },
        }
    }

    fn run_summary(&self) -> RunSummary {
        let (generator_parameters, discriminator_parameters) = self.sizes();
        RunSummary {
            preset: self.run.preset.clone(),
            seed: self.run.seed,
            batch: self.run.batch,
            n_critic: self.run.n_critic.most,
            threads: rayon::current_num_threads(),
            device: self.device_name(),
            data: DataSummary {
                name: self.run.data.name.clone(),
                samples: self.dataset.len(),
                shape: self.dataset.shape().to_vec(),
                content_hash: self.data_hash.clone(),
                skipped_files: self.skipped.len(),
            },
            generator_parameters,
            discriminator_parameters,
            warnings: self.warnings(),
        }
    }

    /// `cpu`, `cuda` or `metal`: where the run is really computed.
    pub fn device_name(&self) -> String {
        let name = match &self.device {
            device if device.is_cuda() => "cuda",
            device if device.is_metal() => "metal",
            _ => "cpu",
        };
        name.to_owned()
    }

    fn files(&self) -> Files {
        let folder = &self.folder;
        let relative = |path: &Path| folder.relative(path);
        let existing = |path: &Path| path.exists().then(|| relative(path));
        Files {
            config: relative(&folder.config()),
            log: relative(&folder.log()),
            metrics: relative(&folder.metrics()),
            alerts: relative(&folder.alerts()),
            timing: relative(&folder.timing()),
            curves: relative(&folder.curves()),
            picture: self.picture.as_deref().map(relative),
            real: relative(&folder.real_picture()),
            last: existing(&folder.last_checkpoint()),
            best: existing(&folder.best_checkpoint()),
        }
    }
}
