//! From a configuration to a trained generator: the thin orchestrator over networks, losses and data.
//!
//! * [`Layers`]: a preset, a file and `--set` laid over one another, resolved at once into a [`Run`];
//! * [`Trainer`]: the two-player game, and everything that is written down about it, in a [`RunFolder`];
//! * [`Observer`]: how a program watches; this library prints nothing;
//! * [`Sampler`]: samples from a checkpoint, or from weights that others published; truncated, interpolated, mixed;
//! * [`Scorer`]: what a discriminator says of images; [`NetworkWeights`]: weights in and out, under any program's names;
//! * [`monitor`]: what goes wrong with a run, or with a history of any other program's;
//! * [`evaluate`]: how good a checkpoint is, in the features of a network.
//!
//! A run is a function of its configuration. Random numbers come from named streams whose positions, with
//! the place in the data, both optimisers and all weights, are in each checkpoint; so a run that was killed
//! goes on to the very bytes of one that was not, and `log.jsonl` holds nothing that the clock could
//! change.
//!
//! ```no_run
//! use ganymede_train::{Layers, Outcome, Trainer};
//! let mut layers = Layers::preset("ring-r1")?;
//! layers.set(&["run.steps=500", "run.seed=3"])?;
//! let mut trainer = Trainer::new(&layers.resolve()?, "runs/ring".as_ref())?;
//! assert_eq!(trainer.run(&mut ())?.outcome, Outcome::Completed);
//! # Ok::<(), ganymede_train::TrainError>(())
//! ```

mod claim;
mod config;
mod data;
#[cfg(doctest)]
mod documents;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod doors;
mod error;
mod evaluate;
mod few;
mod figure;
mod finite;
mod folder;
pub mod games;
mod jsonl;
mod labels;
mod lock;
mod look;
pub mod monitor;
mod numbered;
mod numbers;
mod outcome;
mod pictures;
mod plot;
mod presets;
mod quality;
mod record;
mod sample;
mod score;
mod standing;
mod stepper;
mod summary;
mod tensorboard;
mod trainer;
mod verdict;
mod wasserstein;
mod weights;

pub use config::{
    AboutFile, Average, Change, ConfigError, Course, DataConfig, DataFile, EmaFile, EvalConfig, EvalFile,
    GrowthConfig, GrowthFile, InitConfig, InitFile, Layers, LimitsFile, LogConfig, LogFile, Lookahead,
    LossConfig, LossFile, MOST_MEASURED, MOST_STEPS, MOST_THREADS, MonitorConfig, MonitorFile, NCritic,
    OptimizersFile, PenaltyConfig, Problem, RUN_SCHEMA, Ramp, Run, RunFile, RunSection, ScheduleFile,
    Scheduled, Warning, lint_rules, nearest,
};
pub use error::TrainError;
pub use evaluate::{
    EvalOptions, Evaluation, Leak, LeakOptions, TruncationPoint, evaluate, evaluate_truncated, find_leak,
};
pub use figure::figure;
pub use folder::RunFolder;
pub use outcome::{Origin, Outcome, StopReason};
pub use plot::draw_truncation;
pub use presets::{DEFAULT_PRESET, Preset, preset_names, presets};
pub use quality::{ClassShare, LeftOut, Quality, QualityValue};
pub use record::{Best, LogEntry, Metric, MetricEntry, TimingEntry};
pub use sample::{
    ConditionBatches, FilmConfig, FilmWriter, Interpolation, InterpolationConfig, LatentBatches, LatentSpace,
    Latents, MixLayers, NoiseBatches, PathDistance, PathLengthOptions, PathLengthReport, PictureSheet,
    Redraw, Refinement, Refiner, RejectionGamma, ResultFolder, SampleWriter, Sampler, Truncation,
    TruncationForm,
};
pub use score::{ScoreFile, ScoreSummary, ScoredBatch, ScoredImages, Scorer, Scores};
pub use stepper::Stepper;
pub use summary::{BestSummary, DataSummary, Files, RunSummary, SUMMARY_SCHEMA, Summary, Versions};
pub use trainer::scheme::{SchemeConfig, SchemeKind};
pub use trainer::terms::TermConfig;
pub use trainer::{CHECKPOINT_SCHEMA, Event, Finished, Observer, Progress, Trainer};
pub use weights::NetworkWeights;
