//! The checks: which samples, over which setting, and what scores have to look like.

use std::sync::Arc;

use ganymede_tensor::Rng;
use ndarray::{Array2, Axis, concatenate};

use super::draw::{ball, cube, mixture, normal, pareto, sphere, torus};
use super::rule::{At, Rule};

/// Samples of a set, mostly.
const N: usize = 1000;

/// Real and synthetic samples at one value of the setting. Values in a row may share their real samples.
pub(super) type Point = (f64, Arc<Array2<f64>>, Array2<f64>);

/// A setting, and samples for each of its values in ascending order.
pub(super) struct Setting {
    /// Which of several it is, such as a dimension.
    pub(super) index: usize,
    pub(super) points: Vec<Point>,
}

/// A demand on measures of fidelity and on those of diversity, if there is one; it may depend on the setting's index.
pub(super) struct Demand {
    /// What it is good for, in the paper's words: `property`, `bounds`, ...
    pub(super) desideratum: &'static str,
    pub(super) fidelity: fn(usize) -> Option<Rule>,
    pub(super) diversity: fn(usize) -> Option<Rule>,
}

/// A check.
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) settings: fn(&mut Rng) -> Vec<Setting>,
    pub(super) demands: &'static [Demand],
}

type ForIndex = fn(usize) -> Option<Rule>;

const fn both(desideratum: &'static str, rule: ForIndex) -> Demand {
    Demand { desideratum, fidelity: rule, diversity: rule }
}

const fn each(desideratum: &'static str, fidelity: ForIndex, diversity: ForIndex) -> Demand {
    Demand { desideratum, fidelity, diversity }
}

const IS_ONE_AT_0: Demand = both("bounds", |_| Some(Rule::Is(At::Here(0.0), 1.0)));
const STARTS_AT_1: Demand = both("bounds", |_| Some(Rule::Is(At::Least, 1.0)));
const ENDS_AT_0: [Demand; 2] =
    [both("bounds", |_| Some(Rule::Is(At::Least, 0.0))), both("bounds", |_| Some(Rule::Is(At::Most, 0.0)))];
const BELL_AT_0: Demand = both("property", |_| Some(Rule::Bell(0.0)));
const OF_SHIFTS: [Demand; 4] = {
    let [left, right] = ENDS_AT_0;
    [IS_ONE_AT_0, left, right, BELL_AT_0]
};
/// Fidelity of samples of fewer modes is what it was.
const FULLY_DROPPED: Demand = each("bounds", |_| Some(Rule::Is(At::Most, 1.0)), |_| None);

pub(super) const CHECKS: [Check; 15] = [
    Check { name: "gaussian-mean-difference", settings: shifts, demands: &OF_SHIFTS },
    Check {
        name: "gaussian-mean-difference-with-outlier",
        settings: shifts_with_outlier,
        demands: &OF_SHIFTS,
    },
    Check {
        name: "gaussian-std-difference",
        settings: spreads,
        demands: &[
            both("bounds", |_| Some(Rule::Is(At::Here(1.0), 1.0))),
            each("bounds", |_| Some(Rule::Is(At::Least, 1.0)), |_| Some(Rule::Is(At::Least, 0.0))),
            each("bounds", |_| Some(Rule::Is(At::Most, 0.0)), |_| Some(Rule::Wide(At::Most))),
            each("property", |_| Some(Rule::Falls), |_| Some(Rule::BellOrRises(1.0))),
        ],
    },
    Check {
        name: "gaussian-mixture-simultaneous-mode-dropping",
        settings: modes_dropped_together,
        demands: &[
            STARTS_AT_1,
            FULLY_DROPPED,
            each("property", |_| Some(Rule::Flat), |_| Some(Rule::FallsBy(0.95))),
        ],
    },
    Check {
        name: "gaussian-mixture-sequential-mode-dropping",
        settings: modes_dropped_in_turn,
        demands: &[
            STARTS_AT_1,
            FULLY_DROPPED,
            each("property", |_| Some(Rule::Flat), |_| Some(Rule::FallsBy(0.5))),
        ],
    },
    Check {
        name: "gaussian-mixture-mode-dropping-invention",
        settings: modes_invented,
        demands: &[
            both("bounds", |_| Some(Rule::Is(At::Here(5.0), 1.0))),
            each("bounds", |_| Some(Rule::Is(At::Least, 1.0)), |_| Some(Rule::Is(At::Most, 1.0))),
            each("property", |_| Some(Rule::Falls), |_| Some(Rule::Rises)),
        ],
    },
    Check {
        name: "uniform-hypersphere-surface",
        settings: spheres,
        demands: &{
            let [left, right] = ENDS_AT_0;
            [
                both("bounds", |_| Some(Rule::Is(At::Here(1.0), 1.0))),
                left,
                right,
                both("property", |_| Some(Rule::Bell(1.0))),
            ]
        },
    },
    Check {
        name: "uniform-hypercube-varying-size",
        settings: cubes_of_any_size,
        demands: &[
            both("data size", |_| Some(Rule::Settles)),
            both("property", |_| Some(Rule::Is(At::Most, 0.2))),
        ],
    },
    Check {
        name: "uniform-hypercube-varying-syn-size",
        settings: cubes_of_any_synthetic_size,
        demands: &[
            both("hyperparameters", |_| Some(Rule::Settles)),
            both("property", |_| Some(Rule::Is(At::Most, 0.2))),
        ],
    },
    Check {
        name: "sphere-torus",
        settings: balls_and_tori,
        demands: &[
            both("property", |_| Some(Rule::Settles)),
            both("bounds", |_| Some(Rule::Is(At::Most, 0.0))),
        ],
    },
    Check {
        name: "one-vs-two-modes",
        settings: one_mode_for_two,
        demands: &[each("property", |_| Some(Rule::Falls), |_| Some(Rule::FallsOrFlat)), STARTS_AT_1],
    },
    Check {
        name: "gaussian-scaling-one-dimension",
        settings: one_axis_scaled,
        demands: &{
            let [left, right] = ENDS_AT_0;
            [both("transformations", |_| Some(Rule::Flat)), left, right]
        },
    },
    Check { name: "gaussian-mean-difference-with-pareto", settings: shifts_with_pareto, demands: &OF_SHIFTS },
    Check {
        name: "gaussian-high-dim-one-disjoint-dim",
        settings: one_axis_apart,
        demands: &{
            let [left, right] = ENDS_AT_0;
            [both("property", |_| Some(Rule::Flat)), left, right]
        },
    },
    Check {
        name: "discrete-numerical-vs-continuous-numerical",
        settings: rounded,
        demands: &[
            both("property", |_| Some(Rule::Flat)),
            each("bounds", |real| discrete(real, At::Least), |real| of_grid(real, At::Least)),
            each("bounds", |real| discrete(real, At::Most), |real| of_grid(real, At::Most)),
        ],
    },
];

/// Of setting 0 the real samples are rounded, of setting 1 the synthetic ones.
fn discrete(setting: usize, at: At) -> Option<Rule> {
    Some(Rule::Is(at, setting as f64))
}

fn of_grid(setting: usize, at: At) -> Option<Rule> {
    Some(if setting == 0 { Rule::Wide(at) } else { Rule::Is(at, 0.0) })
}

/// `count` numbers from `from` to `to`.
fn steps(from: f64, to: f64, count: usize) -> Vec<f64> {
    (0..count).map(|i| from + (to - from) * i as f64 / (count - 1) as f64).collect()
}

/// Powers of ten.
fn powers(from: f64, to: f64, count: usize) -> Vec<f64> {
    steps(from, to, count).into_iter().map(|e| 10_f64.powf(e)).collect()
}

/// Whole powers of ten, each once.
fn sizes(from: f64, to: f64) -> Vec<usize> {
    let mut all: Vec<usize> = powers(from, to, 20).into_iter().map(|x| (x + 1e-9) as usize).collect();
    all.dedup();
    all
}

/// Dimensions, and how far means are shifted in each.
const SHIFTS: [(usize, f64); 3] = [(1, 6.0), (8, 3.0), (64, 1.0)];

fn shifts(rng: &mut Rng) -> Vec<Setting> {
    let setting = |(dim, far): (usize, f64)| {
        let real = Arc::new(normal(rng, N, dim, 0.0, 1.0));
        let at = |mean: f64| (mean, Arc::clone(&real), normal(rng, N, dim, mean, 1.0));
        Setting { index: dim, points: steps(-far, far, 51).into_iter().map(at).collect() }
    };
    SHIFTS.into_iter().map(setting).collect()
}

fn shifts_with_outlier(rng: &mut Rng) -> Vec<Setting> {
    let mut settings = Vec::new();
    for (dim, far) in SHIFTS {
        let real = Arc::new(normal(rng, N, dim, 0.0, 1.0));
        let outlier = Array2::from_elem((1, dim), far);
        let with = |rows: &Array2<f64>| {
            concatenate(Axis(0), &[rows.view(), outlier.view()]).expect("rows of one length")
        };
        let real_with = Arc::new(with(&real));
        let (mut of_real, mut of_synthetic) = (Vec::new(), Vec::new());
        for mean in steps(-far, far, 51) {
            let synthetic = normal(rng, N, dim, mean, 1.0);
            of_synthetic.push((mean, Arc::clone(&real), with(&synthetic)));
            of_real.push((mean, Arc::clone(&real_with), synthetic));
        }
        settings.push(Setting { index: dim, points: of_real });
        settings.push(Setting { index: dim, points: of_synthetic });
    }
    settings
}

fn spreads(rng: &mut Rng) -> Vec<Setting> {
    let setting = |(dim, wide): (usize, f64)| {
        let real = Arc::new(normal(rng, N, dim, 0.0, 1.0));
        let at = |deviation: f64| (deviation, Arc::clone(&real), normal(rng, N, dim, 0.0, deviation));
        Setting { index: dim, points: powers(-wide, wide, 51).into_iter().map(at).collect() }
    };
    [(1, 3.0), (8, 1.0), (64, 0.5)].into_iter().map(setting).collect()
}

const MODES: usize = 10;

/// Dimensions of modes in a row, and how wide they are.
const ROWS_OF_MODES: [(usize, f64); 3] = [(1, 1.0 / 6.0), (8, 1.0 / 3.0), (64, 1.0)];

/// Ten modes along the diagonal; `weights` are those of the synthetic samples at a value of the setting.
fn modes_in_a_row(rng: &mut Rng, values: &[f64], weights: impl Fn(f64) -> Vec<f64>) -> Vec<Setting> {
    let mut settings = Vec::new();
    for (dim, deviation) in ROWS_OF_MODES {
        let centres: Vec<Vec<f64>> = steps(0.0, 10.0, MODES).into_iter().map(|c| vec![c; dim]).collect();
        let real = Arc::new(mixture(rng, N, &centres, deviation, &[1.0; MODES]));
        let mut at = |x: f64| (x, Arc::clone(&real), mixture(rng, N, &centres, deviation, &weights(x)));
        settings.push(Setting { index: dim, points: values.iter().map(|x| at(*x)).collect() });
    }
    settings
}

fn modes_dropped_together(rng: &mut Rng) -> Vec<Setting> {
    modes_in_a_row(rng, &steps(0.0, 1.0, 50), |dropped| {
        (0..MODES).map(|mode| if mode == 0 { 1.0 } else { 1.0 - dropped }).collect()
    })
}

fn modes_dropped_in_turn(rng: &mut Rng) -> Vec<Setting> {
    let values: Vec<f64> = (0..MODES).map(|dropped| dropped as f64).collect();
    modes_in_a_row(rng, &values, |dropped| {
        (0..MODES).map(|mode| if mode + (dropped as usize) < MODES { 1.0 } else { 0.0 }).collect()
    })
}

/// Five real modes; the synthetic samples have one to ten, of which the first five are these.
fn modes_invented(rng: &mut Rng) -> Vec<Setting> {
    const CENTRES: [[f64; 2]; MODES] = [
        [5.46794328, -4.08481523],
        [4.87211875, -13.64864684],
        [-16.39432073, 9.09802249],
        [-2.15447941, 12.46200019],
        [11.55784483, -4.96049923],
        [-24.60558474, 14.18020818],
        [16.84215967, -3.18710751],
        [-5.47807206, -6.77247129],
        [9.46726546, 1.05922347],
        [-5.40346201, -17.29490131],
    ];
    let centres: Vec<Vec<f64>> = CENTRES.iter().map(|centre| centre.to_vec()).collect();
    let real = Arc::new(mixture(rng, N, &centres[..5], 0.25, &[1.0; 5]));
    let at = |modes: usize| {
        let synthetic = mixture(rng, N, &centres[..modes], 0.25, &vec![1.0; modes]);
        (modes as f64, Arc::clone(&real), synthetic)
    };
    vec![Setting { index: 2, points: (1..=MODES).map(at).collect() }]
}

fn spheres(rng: &mut Rng) -> Vec<Setting> {
    let setting = |dim: usize| {
        let real = Arc::new(sphere(rng, N, dim, 1.0));
        let at = |radius: f64| (radius, Arc::clone(&real), sphere(rng, N, dim, radius));
        Setting { index: dim, points: steps(0.1, 1.9, 51).into_iter().map(at).collect() }
    };
    [2, 16, 128].into_iter().map(setting).collect()
}

/// Where a cube begins that shares a fifth of its volume with the one at the origin.
fn overlapping(dim: usize) -> f64 {
    1.0 - 0.2_f64.powf(1.0 / dim as f64)
}

fn cubes_of_any_size(rng: &mut Rng) -> Vec<Setting> {
    let setting = |dim: usize| {
        let at = |n: usize| (n as f64, Arc::new(cube(rng, n, dim, 0.0)), cube(rng, n, dim, overlapping(dim)));
        Setting { index: dim, points: sizes(2.0, 4.0).into_iter().map(at).collect() }
    };
    [1, 8, 64].into_iter().map(setting).collect()
}

fn cubes_of_any_synthetic_size(rng: &mut Rng) -> Vec<Setting> {
    let setting = |dim: usize| {
        let real = Arc::new(cube(rng, N, dim, 0.0));
        let at = |n: usize| (n as f64, Arc::clone(&real), cube(rng, n, dim, overlapping(dim)));
        Setting { index: dim, points: sizes(2.0, 4.0).into_iter().map(at).collect() }
    };
    [1, 8, 64].into_iter().map(setting).collect()
}

/// A ball in the hole of a torus, either of them being real.
fn balls_and_tori(rng: &mut Rng) -> Vec<Setting> {
    let real_ball = Arc::new(ball(rng, N, 3, 0.8));
    let at = |n: usize| (n as f64, Arc::clone(&real_ball), torus(rng, n));
    let of_ball = sizes(2.0, 4.0).into_iter().map(at).collect();
    let real_torus = Arc::new(torus(rng, N));
    let at = |n: usize| (n as f64, Arc::clone(&real_torus), ball(rng, n, 3, 0.8));
    let of_torus = sizes(2.0, 4.0).into_iter().map(at).collect();
    vec![Setting { index: 0, points: of_ball }, Setting { index: 1, points: of_torus }]
}

fn one_mode_for_two(rng: &mut Rng) -> Vec<Setting> {
    let setting = |dim: usize| {
        let at = |apart: f64| {
            let centres = [vec![-0.5 * apart; dim], vec![0.5 * apart; dim]];
            let real = Arc::new(mixture(rng, N, &centres, 1.0, &[1.0; 2]));
            (apart, real, normal(rng, N, dim, 0.0, (1.0 + apart * apart).sqrt()))
        };
        Setting { index: dim, points: steps(0.0, 5.0, 20).into_iter().map(at).collect() }
    };
    [1, 8, 64].into_iter().map(setting).collect()
}

fn one_axis_scaled(rng: &mut Rng) -> Vec<Setting> {
    let at = |scale: f64| {
        let (mut real, mut synthetic) = (normal(rng, N, 2, 0.0, 1.0), normal(rng, N, 2, 0.0, 1.0));
        synthetic.column_mut(0).mapv_inplace(|x| x + 6.0);
        for rows in [&mut real, &mut synthetic] {
            rows.column_mut(1).mapv_inplace(|x| x * scale);
        }
        (scale, Arc::new(real), synthetic)
    };
    vec![Setting { index: 2, points: powers(-3.0, 3.0, 20).into_iter().map(at).collect() }]
}

fn shifts_with_pareto(rng: &mut Rng) -> Vec<Setting> {
    let mut rows = |mean: f64| {
        let mut rows = normal(rng, N, 2, mean, 1.0);
        rows.column_mut(1).mapv_inplace(|_| pareto(rng));
        rows
    };
    let real = Arc::new(rows(0.0));
    let at = |mean: f64| (mean, Arc::clone(&real), rows(mean));
    let points = steps(-6.0, 6.0, 51).into_iter().map(at).collect();
    vec![Setting { index: 2, points }]
}

fn one_axis_apart(rng: &mut Rng) -> Vec<Setting> {
    let at = |others: usize| {
        let real = Arc::new(normal(rng, N, others + 1, 0.0, 1.0));
        let mut synthetic = normal(rng, N, others + 1, 0.0, 1.0);
        synthetic.column_mut(0).mapv_inplace(|x| x + 6.0);
        (others as f64, real, synthetic)
    };
    vec![Setting { index: 0, points: sizes(0.0, 3.0).into_iter().map(at).collect() }]
}

/// One of the sets in whole numbers, over finer and finer grids.
fn rounded(rng: &mut Rng) -> Vec<Setting> {
    let setting = |which: usize| {
        let at = |scale: f64| {
            let (mut real, mut synthetic) = (normal(rng, N, 1, 0.0, scale), normal(rng, N, 1, 0.0, scale));
            let whole = if which == 0 { &mut real } else { &mut synthetic };
            whole.mapv_inplace(f64::round_ties_even);
            (scale, Arc::new(real), synthetic)
        };
        Setting { index: which, points: powers(0.0, 3.0, 20).into_iter().map(at).collect() }
    };
    [0, 1].into_iter().map(setting).collect()
}
