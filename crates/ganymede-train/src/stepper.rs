//! The steps of a run without its folder.

use std::sync::Arc;

use ganymede_datasets::Dataset;
use ganymede_tensor::Device;

use crate::config::Run;
use crate::error::TrainError;
use crate::monitor::{Alert, Doctor, Series};
use crate::trainer::{Game, Vitals};

/// The very steps that a [`crate::Trainer`] makes, with nothing written down: for benchmarks and for programs that keep
/// their own records.
pub struct Stepper {
    game: Game,
    watch: Option<Watch>,
}

/// What watches the steps.
struct Watch {
    vitals: Vitals,
    doctor: Doctor,
    series: Series,
}

impl Stepper {
    /// Both players at their first weights.
    ///
    /// # Errors
    /// The networks do not fit the data or cannot be built.
    pub fn new(run: &Run, dataset: Arc<dyn Dataset>, device: &Device) -> Result<Self, TrainError> {
        Ok(Self { game: Game::new(run, dataset, device)?, watch: None })
    }

    /// Likewise, with what the run says of its monitor, for [`Stepper::watched_step`].
    ///
    /// # Errors
    /// As [`Stepper::new`], or the data cannot be read.
    pub fn watched(run: &Run, dataset: Arc<dyn Dataset>, device: &Device) -> Result<Self, TrainError> {
        let game = Game::new(run, Arc::clone(&dataset), device)?;
        let vitals =
            run.monitor.map(|config| Vitals::new(run, config, &game, &dataset, device)).transpose()?;
        let watch =
            vitals.map(|vitals| Watch { vitals, doctor: Doctor::new(Some(run)), series: Series::default() });
        Ok(Self { game, watch })
    }

    /// Makes one step.
    ///
    /// # Errors
    /// The data cannot be read, or an operation fails.
    pub fn step(&mut self) -> Result<(), TrainError> {
        self.game.play(false).map(drop)
    }

    /// Makes one step with a look after it, as a [`crate::Trainer`] does at every one in `monitor.every`; a thorough one in
    /// [`crate::monitor::THOROUGH`] of these. A step without a look where the run is not watched.
    ///
    /// # Errors
    /// As [`Stepper::step`].
    pub fn watched_step(&mut self, thorough: bool) -> Result<Vec<Alert>, TrainError> {
        let Some(watch) = &mut self.watch else { return self.step().map(|()| Vec::new()) };
        watch.vitals.before(&mut self.game)?;
        self.game.play(false)?;
        let entry = watch.vitals.look(&mut self.game, thorough)?;
        watch.series.log(&entry);
        Ok(watch.doctor.look(entry.step, &watch.series))
    }

    /// Parameters of the generator and of the discriminator.
    pub fn sizes(&self) -> (usize, usize) {
        self.game.sizes()
    }

    /// Steps made.
    pub fn steps(&self) -> u64 {
        self.game.step()
    }
}
