//! The doctor: what is wrong with a training of two players, read off plain histories of named numbers.
//!
//! A history ([`Series`]) is all that a rule sees; no trainer, no network and no file. So the same rules that watch a run of
//! this library judge one of another program, of which only losses are known: a rule says which series it needs
//! ([`Symptom::needs`]) and, where these are missing, that it cannot see. [`Doctor`] looks again and again while a history
//! grows; [`diagnose`] plays a whole one to it.
//!
//! ```
//! use ganymede_train::monitor::{Series, diagnose};
//! let mut series = Series::default();
//! for step in 1..=200 {
//!     series.push("loss_g", step, 0.7);
//!     series.push("loss_d", step, if step < 150 { 1.3 } else { f64::NAN });
//! }
//! let diagnosis = diagnose(&series);
//! assert_eq!(diagnosis.raised[0].symptom, "divergence");
//! assert!(diagnosis.unseen.iter().any(|(symptom, _)| symptom.name == "mode-collapse"));
//! ```
//!
//! | series | value | from |
//! |---|---|---|
//! | `loss_d`, `loss_g`, `score_real`, `score_fake`, `score_held_out`, `accuracy_real`, `accuracy_fake`, `grad_norm_d`, `grad_norm_g`, `lr_factor` | as in [`crate::LogEntry`] | log |
//! | `coverage`, `high_quality` | the share of the modes that are covered, and of the samples within 3σ of one | metrics |
//! | `classes_missing` | the share of the data's classes that are hardly drawn: less than a tenth as often | metrics |
//! | `recall`, `precision`, `ndb` | measures of these names | metrics |
//! | `modes_reached` | the share of the modes that are the nearest one of a fifth of their share of samples or more | monitor |
//! | `near_modes` | the share of samples within 3σ of a mode | monitor |
//! | `diversity` | the mean distance between two generated samples, in that between two real ones | monitor |
//! | `reach` | the root mean square distance of generated samples from the mean of the real ones, in that of the real ones | monitor |
//! | `distance` | the sliced Wasserstein distance between real and generated samples, in that between real and real ones | monitor |
//! | `centre_0`, `centre_1` | the mean of generated samples along the data's two directions of greatest spread, in units of the root mean square distance of the real ones | monitor |
//! | `auc` | the probability that the discriminator gives a real sample a higher score than a generated one | monitor |
//! | `score_train`, `score_unseen`, `score_made` | mean scores of samples that are trained on, of real ones that are not, and of generated ones | monitor |
//! | `dependence_g`, `dependence_d` | how much the outcome for a sample changes with its companions in the batch, in units of how much it changes with the sample | monitor |
//! | `update_g`, `update_d` | the length of a step's update, in that of the weights | monitor |
//! | `grad_least_g`, `grad_greatest_g`, `grad_first_last_g`, and `_d` | the norms of the gradients of the weights of single layers: the least, the greatest, and the first layer's in that of the last one; the first two are there once more with the layer behind an `@` | monitor |
//! | `grad_ratio` | the norm of the generator's gradient, in that of the discriminator's | monitor |
//! | `collapsed_g`, `collapsed_d` | the share of the layers whose third singular value is less than a tenth of the first; `sigma_0_g@LAYER` and the like are these values | monitor, every tenth look |
//! | `slope`, `secant` | ‖∇D‖ between a real and a generated sample, and the difference of their scores in their distance | monitor, every tenth look |
//! | `cosine_g`, `cosine_d` | the cosine of the angle between the gradients before a step and after it, of the same samples | monitor, every tenth look |
//! | `uncovered` | the share of samples that are trained on of which the discriminator says that less than one in a hundred like it is generated | monitor, every tenth look |
//! | `duality_gap`, `duality_gap_d`, `duality_gap_g` | what either player could still gain, and the game's values where the one or the other has answered | monitor, every tenth look, where it is asked for |

mod alert;
mod doctor;
mod remedy;
mod series;
mod statistics;
mod symptom;
mod symptoms;
mod view;

pub use alert::{Alert, AlertState, Evidence, Severity};
pub use doctor::{Diagnosis, Doctor, diagnose};
pub use remedy::Remedy;
pub use series::Series;
pub use symptom::{Cure, Finding, Sight, Symptom};
pub use symptoms::SYMPTOMS;
pub use view::View;

/// Of so many looks of a run of ours one is thorough: what it sees besides costs as much as some steps.
pub const THOROUGH: u64 = 10;

pub(crate) use alert::worst_first;
pub(crate) use remedy::remedies;
pub(crate) use symptoms::DIVERGENCE;
