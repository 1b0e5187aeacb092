//! `[growth]`: when networks that grow take which size (Karras et al., 2018, arXiv:1710.10196, section 3 and appendix A.1).
//!
//! A stage is held for `stable_kimg`, then the next one fades in for `fade_kimg`, and so on up to the whole resolution, as in
//! the authors' code, where both are 600. All of it is counted in real images shown, and written down here as steps, so that
//! how far the networks have grown is a function of the step alone.

use ganymede_models::{Growth, Io};

use super::bounds::MOST_STEPS;
use super::check::Check;
use super::file::GrowthFile;

/// The side of the smallest images of a network that grows.
const LEAST_SIDE: usize = 4;
/// More stages than any network has.
const MOST_STAGES: usize = 16;
/// As in the authors' code.
const USUAL_KIMG: f64 = 600.0;

/// How networks grow.
#[derive(Clone, Debug, PartialEq)]
pub struct GrowthConfig {
    /// The side of the first images in pixels.
    pub start: usize,
    /// Thousands of real images shown while a stage fades in.
    pub fade_kimg: f64,
    /// Thousands of real images shown while a stage is held.
    pub stable_kimg: f64,
    /// Samples a batch of each stage, from the first one on; the last one holds for all beyond. None: `run.batch`.
    pub batch: Vec<usize>,
    /// A factor on both learning rates in each stage, likewise. None: 1.
    pub lr_factor: Vec<f64>,
    /// Steps for which α stays what it is, ≥ 1.
    pub repeats: u64,
    /// Whether both optimisers begin anew where a fade begins and where it ends, as in the authors' code.
    pub reset_optimizer: bool,
    /// What follows from all that.
    pub(crate) plan: Plan,
}

/// The phases of a run, in order; the last one has no end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    phases: Vec<Phase>,
    repeats: u64,
    images_per_sample: u64,
}

#[derive(Clone, Debug, PartialEq)]
struct Phase {
    stage: usize,
    fades: bool,
    /// The step that it begins with.
    first: u64,
    steps: u64,
    batch: usize,
    lr_factor: f64,
}

impl Plan {
    /// How far the networks have grown in the update that makes step `step + 1` out of `step`.
    pub(crate) fn at(&self, step: u64) -> Growth {
        let phase = self.phase(step);
        let alpha = if phase.fades {
            let held = (step - phase.first) / self.repeats * self.repeats;
            held as f64 / phase.steps as f64
        } else {
            1.0
        };
        Growth { stage: phase.stage, alpha }
    }

    /// Samples a batch in that step.
    pub(crate) fn batch_at(&self, step: u64) -> usize {
        self.phase(step).batch
    }

    /// The largest batch of all.
    pub(crate) fn largest_batch(&self) -> usize {
        self.phases.iter().map(|phase| phase.batch).max().unwrap_or(1)
    }

    /// The batch of the last phase.
    pub(crate) fn last_batch(&self) -> usize {
        self.last().batch
    }

    /// The factor on both rates in that step.
    pub(crate) fn lr_factor_at(&self, step: u64) -> f64 {
        self.phase(step).lr_factor
    }

    /// Whether a phase begins with that step that is not the first one.
    pub(crate) fn turns_at(&self, step: u64) -> bool {
        step > 0 && self.phase(step).first == step
    }

    /// The stage of the last phase, and the step that it begins with.
    pub(crate) fn grown(&self) -> (usize, u64) {
        (self.last().stage, self.last().first)
    }

    /// Steps in which so many real images are shown, or a few more.
    pub(crate) fn steps_for(&self, images: f64) -> u64 {
        let mut left = images;
        let mut steps = 0;
        for phase in &self.phases {
            let each = (phase.batch as u64 * self.images_per_sample) as f64;
            let wanted = (left / each).ceil() as u64;
            if wanted <= phase.steps {
                return (steps + wanted).max(1);
            }
            steps += phase.steps;
            left -= phase.steps as f64 * each;
        }
        steps.max(1)
    }

    fn phase(&self, step: u64) -> &Phase {
        let found = self.phases.iter().rev().find(|phase| phase.first <= step);
        found.expect("the first phase begins with step 0")
    }

    fn last(&self) -> &Phase {
        self.phases.last().expect("a plan has a phase")
    }
}

/// What the section says for networks of so many stages; nothing where they do not grow by a plan.
pub(super) fn resolve(
    file: &GrowthFile,
    stages: usize,
    (batch, n_critic): (usize, u64),
    check: &mut Check,
) -> Option<GrowthConfig> {
    let options = [("none", false), ("progressive", true)];
    if !check.choose("growth.kind", file.kind.as_deref(), false, &options) {
        let why = "belongs to growth.kind = \"progressive\"; leave it out";
        let given = toml::Table::try_from(file).unwrap_or_default();
        for key in given.keys().filter(|key| *key != "kind") {
            check.refuse(&format!("growth.{key}"), true, why);
        }
        return None;
    }
    let side = LEAST_SIDE << (stages - 1).min(MOST_STAGES);
    if stages < 2 {
        let reason = "the networks do not grow: use generator.kind = \"pggan\" and discriminator.kind = \"pggan\", or \
                      \"none\"";
        check.add("growth.kind", reason);
    }
    let start = check.size("growth.start", file.start, LEAST_SIDE);
    if !start.is_power_of_two() || start < LEAST_SIDE || (stages > 1 && start > side) {
        check.add(
            "growth.start",
            format!("found {start}, expected a power of two from {LEAST_SIDE} to {side}"),
        );
    }
    let mut config = GrowthConfig {
        start,
        fade_kimg: check.number("growth.fade_kimg", file.fade_kimg, USUAL_KIMG),
        stable_kimg: check.number("growth.stable_kimg", file.stable_kimg, USUAL_KIMG),
        batch: list(&file.batch, |n| check.size("growth.batch", Some(n), 1)),
        lr_factor: list(&file.lr_factor, |x| check.number("growth.lr_factor", Some(x), 1.0)),
        repeats: check.count("growth.repeats", file.repeats, 1),
        reset_optimizer: file.reset_optimizer.unwrap_or(true),
        plan: Plan { phases: Vec::new(), repeats: 1, images_per_sample: 1 },
    };
    for (key, length) in [("batch", config.batch.len()), ("lr_factor", config.lr_factor.len())] {
        if length > MOST_STAGES {
            check.add(
                &format!("growth.{key}"),
                format!("has {length} entries, and no network has more stages than {MOST_STAGES}"),
            );
        }
    }
    let first = (start / LEAST_SIDE).max(1).ilog2() as usize;
    config.plan = config.plan(first..=(stages - 1).max(first), batch, n_critic);
    Some(config)
}

fn list<T: Copy>(values: &Option<Vec<T>>, mut each: impl FnMut(T) -> T) -> Vec<T> {
    values.iter().flatten().map(|value| each(*value)).collect()
}

impl GrowthConfig {
    fn plan(&self, stages: std::ops::RangeInclusive<usize>, batch: usize, n_critic: u64) -> Plan {
        let (from, to) = (*stages.start(), *stages.end());
        let mut plan = Plan { phases: Vec::new(), repeats: self.repeats, images_per_sample: n_critic };
        let mut first = 0;
        for stage in stages {
            let of_stage = stage - from;
            let batch = of(&self.batch, of_stage).unwrap_or(batch);
            let lr_factor = of(&self.lr_factor, of_stage).unwrap_or(1.0);
            let steps = |kimg: f64| {
                let steps = (kimg * 1000.0 / (batch as u64 * n_critic) as f64).ceil();
                (steps as u64).clamp(1, MOST_STEPS)
            };
            if stage > from {
                let steps = steps(self.fade_kimg);
                plan.phases.push(Phase { stage, fades: true, first, steps, batch, lr_factor });
                first += steps;
            }
            let steps = if stage == to { u64::MAX } else { steps(self.stable_kimg) };
            plan.phases.push(Phase { stage, fades: false, first, steps, batch, lr_factor });
            first = first.saturating_add(steps);
        }
        plan
    }

    /// The section that resolves to it.
    pub(super) fn write(&self) -> GrowthFile {
        GrowthFile {
            kind: Some("progressive".to_owned()),
            start: Some(self.start),
            fade_kimg: Some(self.fade_kimg),
            stable_kimg: Some(self.stable_kimg),
            batch: (!self.batch.is_empty()).then(|| self.batch.clone()),
            lr_factor: (!self.lr_factor.is_empty()).then(|| self.lr_factor.clone()),
            repeats: Some(self.repeats),
            reset_optimizer: Some(self.reset_optimizer),
        }
    }
}

/// The entry of a stage: the last one stands for all beyond it.
fn of<T: Copy>(list: &[T], index: usize) -> Option<T> {
    list.get(index).or(list.last()).copied()
}

/// Stages of both networks on such data, which have to be the same.
pub(super) fn stages(generator: usize, discriminator: usize, io: &Io, check: &mut Check) -> usize {
    if generator != discriminator {
        let words = |stages| match stages {
            1 => "does not grow".to_owned(),
            n => format!("grows in {n} stages"),
        };
        let reason = format!(
            "on samples of {:?} the generator {}, and the discriminator {}: use two that grow together",
            io.sample,
            words(generator),
            words(discriminator)
        );
        check.add("discriminator.kind", reason);
    }
    generator
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(file: &GrowthFile, stages: usize) -> Plan {
        let mut check = Check::default();
        let config = resolve(file, stages, (10, 2), &mut check).unwrap();
        assert!(check.problems.is_empty(), "{:?}", check.problems);
        let mut check = Check::default();
        assert_eq!(resolve(&config.write(), stages, (10, 2), &mut check), Some(config.clone()));
        config.plan
    }

    fn progressive() -> GrowthFile {
        GrowthFile { kind: Some("progressive".to_owned()), ..GrowthFile::default() }
    }

    /// Stable and fading phases take turns, in steps of `batch · n_critic` images.
    #[test]
    fn a_stage_is_held_and_the_next_one_fades_in() {
        let file = GrowthFile { fade_kimg: Some(0.08), stable_kimg: Some(0.05), ..progressive() };
        let plan = plan(&file, 3);
        // 50 images are 3 steps of 20, 80 are 4.
        let at = |step| {
            let Growth { stage, alpha } = plan.at(step);
            (stage, alpha)
        };
        let wanted = [(0, 1.0), (0, 1.0), (0, 1.0), (1, 0.0), (1, 0.25), (1, 0.5), (1, 0.75), (1, 1.0)];
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7].map(at), wanted);
        assert_eq!([9, 10, 12, 14, 1_000_000].map(at), [(1, 1.0), (2, 0.0), (2, 0.5), (2, 1.0), (2, 1.0)]);
        let turns: Vec<u64> = (0..40).filter(|step| plan.turns_at(*step)).collect();
        assert_eq!((turns, plan.grown()), (vec![3, 7, 10, 14], (2, 14)));
        assert_eq!([1.0, 60.0, 61.0, 140.0, 141.0].map(|images| plan.steps_for(images)), [1, 3, 4, 7, 8]);
    }

    #[test]
    fn stages_have_batches_and_rates_of_their_own() {
        let file = GrowthFile {
            start: Some(8),
            fade_kimg: Some(0.04),
            stable_kimg: Some(0.04),
            batch: Some(vec![20, 10, 5]),
            lr_factor: Some(vec![1.0, 2.0]),
            repeats: Some(2),
            ..progressive()
        };
        let plan = plan(&file, 4);
        let at =
            |step| (plan.at(step).stage, plan.at(step).alpha, plan.batch_at(step), plan.lr_factor_at(step));
        assert_eq!(at(0), (1, 1.0, 20, 1.0));
        // α stays for two steps.
        assert_eq!([1, 2, 3].map(at), [(2, 0.0, 10, 2.0), (2, 0.0, 10, 2.0), (2, 1.0, 10, 2.0)]);
        assert_eq!([5, 6, 7, 8, 9].map(|step| plan.at(step).alpha), [0.0, 0.0, 0.5, 0.5, 1.0]);
        assert_eq!(at(8), (3, 0.5, 5, 2.0));
        assert_eq!(plan.largest_batch(), 20);
        // 1 step of 40 images, 4 of 20, then steps of 10.
        assert_eq!(plan.steps_for(150.0), 8);
    }

    #[test]
    fn what_cannot_be_says_why() {
        let refused = |file: &GrowthFile, stages| {
            let mut check = Check::default();
            resolve(file, stages, (8, 1), &mut check);
            let problems =
                check.problems.iter().map(|problem| format!("{}: {}", problem.key, problem.message));
            problems.collect::<Vec<_>>().join("\n")
        };
        let cases: [(GrowthFile, usize, &str); 6] = [
            (
                GrowthFile { kind: Some("fast".to_owned()), ..GrowthFile::default() },
                3,
                "growth.kind: there is no `fast`",
            ),
            (
                GrowthFile { start: Some(8), ..GrowthFile::default() },
                3,
                "growth.start: belongs to growth.kind",
            ),
            (progressive(), 1, "growth.kind: the networks do not grow"),
            (
                GrowthFile { start: Some(6), ..progressive() },
                3,
                "growth.start: found 6, expected a power of two from 4 to 16",
            ),
            (GrowthFile { fade_kimg: Some(-1.0), ..progressive() }, 3, "growth.fade_kimg: found -1"),
            (GrowthFile { batch: Some(vec![0]), ..progressive() }, 3, "growth.batch: found 0"),
        ];
        for (file, stages, wanted) in cases {
            let found = refused(&file, stages);
            assert!(found.contains(wanted), "{found:?} should say {wanted:?}");
        }
    }
}
