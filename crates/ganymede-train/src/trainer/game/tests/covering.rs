//! Any two values of different axes meet in some run of two steps, all of whose numbers are finite; or are refused, with a
//! reason that docs/cures.md gives.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::*;

struct Axis {
    name: &'static str,
    /// What it is called, and the lines that say so; the first is the usual one.
    values: &'static [(&'static str, &'static str)],
}

const AXES: &[Axis] = &[
    Axis {
        name: "network",
        values: &[
            (
                "dcgan",
                "generator = { kind = 'dcgan', width = 3, z_dim = 5, CG }\ndiscriminator = { kind = 'dcgan', width = 3, CD }",
            ),
            (
                "sndcgan",
                "generator = { kind = 'sndcgan', width = 8, z_dim = 5, CG }\ndiscriminator = { kind = 'sndcgan', width = 8, CD }",
            ),
            (
                "sngan",
                "generator = { kind = 'sngan', width = 4, z_dim = 5, CG }\ndiscriminator = { kind = 'sngan', width = 4, CD }",
            ),
            (
                "sagan",
                "generator = { kind = 'sagan', width = 8, z_dim = 5, CG }\ndiscriminator = { kind = 'sagan', width = 8, CD }",
            ),
            (
                "r3gan",
                "generator = { kind = 'r3gan', z_dim = 5, width = 8, group_channels = 4, WG }\ndiscriminator = { kind = 'r3gan', width = 8, group_channels = 4, WD }",
            ),
            (
                "pggan",
                "generator = { kind = 'pggan', z_dim = 5, width_base = 64, width_max = 8, CG }\ndiscriminator = { kind = 'pggan', width_base = 64, width_max = 8, CD }",
            ),
            (
                "stylegan2",
                "generator = { kind = 'stylegan2', z_dim = 5, w_dim = 5, mapping_layers = 2, channel_base = 64, channel_max = 8, WG }\n\
                           discriminator = { kind = 'stylegan2', channel_base = 64, channel_max = 8, WD }",
            ),
            (
                "lipschitz critic",
                "generator = { kind = 'dcgan', width = 3, z_dim = 5, CG }\ndiscriminator = { kind = 'lipschitz', width = 4 }",
            ),
            (
                "mixture, GMAN",
                "generator = { kind = 'dcgan', width = 3, z_dim = 5, members = 2, CG }\n\
                               discriminator = { kind = 'dcgan', width = 3, members = 2, CD }\nloss.members = 'softmax'",
            ),
        ],
    },
    Axis {
        name: "loss",
        values: &[
            ("non-saturating", "loss.kind = 'non-saturating'"),
            ("minimax", "loss.kind = 'minimax'"),
            ("least-squares", "loss.kind = 'least-squares'"),
            ("wasserstein", "loss.kind = 'wasserstein'"),
            ("hinge", "loss.kind = 'hinge'"),
            ("relativistic-average", "loss.kind = 'relativistic-average'"),
            ("relativistic-paired", "loss.kind = 'relativistic-paired'"),
            ("mmd", "loss.kind = 'mmd'|scores = 4"),
            ("mmd-repulsive", "loss.kind = 'mmd-repulsive'|scores = 4"),
            ("cramer", "loss.kind = 'cramer'|scores = 4"),
            ("sinkhorn", "loss.kind = 'sinkhorn'\nloss.iterations = 3|scores = 4"),
            ("sliced-wasserstein", "loss.kind = 'sliced-wasserstein'|scores = 4"),
        ],
    },
    Axis {
        name: "penalty",
        values: &[
            ("no penalty", ""),
            ("wgan-gp", "penalty = [{ kind = 'wgan-gp' }]"),
            ("dragan", "penalty = [{ kind = 'dragan' }]"),
            ("r1", "penalty = [{ kind = 'r1' }]"),
            ("r2", "penalty = [{ kind = 'r2' }]"),
            ("lazy r1", "penalty = [{ kind = 'r1', interval = 2, own_update = true }]"),
            ("first-order-r1", "penalty = [{ kind = 'first-order-r1' }]"),
            ("r1 of a share", "penalty = [{ kind = 'r1', share = 0.5 }]"),
            ("first-order-r2", "penalty = [{ kind = 'first-order-r2' }]"),
            ("weight clipping", "optimizer.weight_clip = 0.01"),
        ],
    },
    Axis {
        name: "term",
        values: &[
            ("no term", ""),
            ("drift", "term = [{ kind = 'drift' }]"),
            ("consistency", "term = [{ kind = 'consistency' }]"),
            ("latent-consistency", "term = [{ kind = 'latent-consistency' }]"),
            ("logit-centring", "term = [{ kind = 'logit-centring' }]"),
            ("lecam", "term = [{ kind = 'lecam' }]"),
            ("orthogonal", "term = [{ kind = 'orthogonal' }]"),
            ("path-length", "term = [{ kind = 'path-length', interval = 1 }]"),
            ("auxiliary", "term = [{ kind = 'auxiliary' }]"),
            ("origin", "term = [{ kind = 'origin' }]|origins = 2"),
        ],
    },
    Axis {
        name: "scheme",
        values: &[
            ("alternating", "scheme.kind = 'alternating'"),
            ("simultaneous", "scheme.kind = 'simultaneous'"),
            ("unrolled", "scheme.kind = 'unrolled'\nscheme.steps = 1"),
            (
                "unrolled, first order",
                "scheme.kind = 'unrolled'\nscheme.steps = 1\nscheme.first_order = true",
            ),
            ("extra-gradient", "scheme.kind = 'extra-gradient'"),
            ("extrapolation-from-the-past", "scheme.kind = 'extrapolation-from-the-past'"),
            ("consensus", "scheme.kind = 'consensus'\nscheme.gamma = 0.01"),
            ("symplectic", "scheme.kind = 'symplectic'"),
        ],
    },
    Axis {
        name: "augmentation",
        values: &[
            ("no augmentation", ""),
            ("diffaugment", "augment.kind = 'diffaugment'"),
            ("ada", "augment.kind = 'ada'\naugment.p = 0.5"),
            ("apa", "augment.kind = 'apa'"),
            ("instance noise", "augment.kind = 'instance-noise'"),
            ("diffusion", "augment.kind = 'diffusion'\naugment.p = 0.5"),
            ("data.augment", "data.augment = ['shift', 'cutout']"),
        ],
    },
    Axis {
        name: "condition",
        values: &[
            ("no condition", ""),
            ("projection", "conditioning = 'norm'|conditioning = 'projection'"),
            ("concat", "conditioning = 'concat'|conditioning = 'concat'"),
            ("classifier", "conditioning = 'product'|conditioning = 'auxiliary'"),
        ],
    },
    Axis {
        name: "rule",
        values: &[
            ("adam", ""),
            ("adamw", "optimizer.generator.kind = 'adamw'\noptimizer.discriminator.kind = 'adamw'"),
            (
                "optimistic-adam",
                "optimizer.generator.kind = 'optimistic-adam'\noptimizer.discriminator.kind = 'optimistic-adam'",
            ),
            ("rmsprop", "optimizer.generator.kind = 'rmsprop'\noptimizer.discriminator.kind = 'rmsprop'"),
            (
                "sgd",
                "optimizer.generator = { kind = 'sgd', lr = 1e-5 }\noptimizer.discriminator = { kind = 'sgd', lr = 1e-5, momentum = 0.5 }",
            ),
        ],
    },
    Axis {
        name: "around",
        values: &[
            ("nothing around", ""),
            ("lookahead", "optimizer.lookahead = 2"),
            ("clipped gradients", "optimizer.clip_norm_g = 1.0\noptimizer.clip_norm_d = 1.0"),
            ("accumulation", "optimizer.accumulate = 2"),
            ("top-k", "loss.top_k = 0.5"),
            ("two updates", "optimizer.n_critic = 2"),
            ("frozen layers", "init.freeze = 1"),
        ],
    },
];

/// The residual networks take no smaller ones.
static LARGE: LazyLock<Arc<dyn Dataset>> = LazyLock::new(|| {
    let options = OpenOptions { resolution: Some(32), ..OpenOptions::default() };
    open("fashion-mnist-10k", &options).unwrap().dataset
});

/// One value of each axis.
type Choice = [usize; AXES.len()];
/// An axis and a value of it, twice.
type Pair = ((usize, usize), (usize, usize));

const LOSS: usize = 1;
const TERM: usize = 3;
const CONDITION: usize = 6;

fn text(choice: &Choice) -> String {
    let mut text = "run.batch = 4\ndata.resolution = 32\nema.enabled = false\n".to_owned();
    let (g, d) = AXES[CONDITION].values[choice[CONDITION]].1.split_once('|').unwrap_or_default();
    // Some networks have one way to be told, and do not ask which.
    let (whole_g, whole_d) =
        if d.contains("projection") { ("conditional = true", "conditional = true") } else { (g, d) };
    // Some losses and terms ask for another discriminator.
    let asked = [LOSS, TERM]
        .map(|axis| AXES[axis].values[choice[axis]].1.split_once('|').map_or("", |(_, asked)| asked));
    let [d, whole_d] = [d, whole_d].map(|told| format!("{told}, {}, {}", asked[0], asked[1]));
    for (axis, &value) in AXES.iter().zip(choice).filter(|(axis, _)| axis.name != "condition") {
        let lines = axis.values[value].1.split('|').next().unwrap_or_default();
        let lines = lines.replace("CG", g).replace("CD", &d).replace("WG", whole_g).replace("WD", &whole_d);
        // A comma too many is none in an inline table.
        let lines = lines.replace(", ,", ",").replace(", ,", ",").replace(",  }", " }").replace(", }", " }");
        text += &format!("{lines}\n");
    }
    text
}

fn begin(choice: &Choice) -> Result<Game, String> {
    let run = Layers::text(&text(choice), "covering", None).and_then(|layers| layers.resolve());
    let run = run.map_err(|error| error.to_string())?;
    Game::new(&run, Arc::clone(&LARGE), &Device::Cpu).map_err(|error| error.to_string())
}

/// A run in which both meet: the usual values of all other axes, or else another network or another condition.
fn meeting(((a, i), (b, j)): Pair) -> Result<Choice, String> {
    let mut reason = None;
    for network in 0..AXES[0].values.len() {
        for condition in 0..AXES[CONDITION].values.len() {
            let mut choice = Choice::default();
            (choice[0], choice[CONDITION]) = (network, condition);
            (choice[a], choice[b]) = (i, j);
            let is_other =
                (a == 0 || b == 0) && network > 0 || (a == CONDITION || b == CONDITION) && condition > 0;
            if is_other {
                continue;
            }
            match begin(&choice) {
                Ok(_) => return Ok(choice),
                Err(error) => reason = reason.or(Some(error)),
            }
        }
    }
    Err(reason.expect("one run was tried"))
}

fn pairs() -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (a, one) in AXES.iter().enumerate() {
        for (b, other) in AXES.iter().enumerate().skip(a + 1) {
            for i in 0..one.values.len() {
                pairs.extend((0..other.values.len()).map(|j| ((a, i), (b, j))));
            }
        }
    }
    pairs
}

fn pairs_of(choice: &Choice) -> Vec<Pair> {
    let of = |axis: usize| (axis, choice[axis]);
    (0..AXES.len()).flat_map(|a| (a + 1..AXES.len()).map(move |b| (of(a), of(b)))).collect()
}

#[test]
fn any_two_values_meet_or_are_refused_for_a_reason() {
    let mut left: BTreeSet<Pair> = pairs().into_iter().collect();
    let mut refused = Vec::new();
    let mut runs = 0;
    while let Some(&pair) = left.iter().next() {
        let mut choice = match meeting(pair) {
            Ok(choice) => choice,
            Err(reason) => {
                left.remove(&pair);
                refused.push((pair, reason));
                continue;
            }
        };
        // Every other axis takes what meets most that has not met.
        for axis in (0..AXES.len()).filter(|axis| ![pair.0.0, pair.1.0].contains(axis)) {
            let with = |value: usize| {
                let mut with = choice;
                with[axis] = value;
                with
            };
            let gain =
                |value: usize| pairs_of(&with(value)).iter().filter(|pair| left.contains(pair)).count();
            let mut values: Vec<usize> = (0..AXES[axis].values.len()).collect();
            values.sort_by_key(|value| std::cmp::Reverse(gain(*value)));
            let better = values.into_iter().filter(|value| gain(*value) > gain(choice[axis]));
            if let Some(value) = better.take(3).find(|value| begin(&with(*value)).is_ok()) {
                choice = with(value);
            }
        }
        let mut game = begin(&choice).unwrap();
        for step in 1..=2 {
            let entry = game.play(true).unwrap_or_else(|error| panic!("{error}\n{}", text(&choice)));
            let entry = entry.unwrap().read(step, 4 * step).unwrap();
            assert!(entry.non_finite().is_none(), "{entry:?}\n{}", text(&choice));
        }
        for pair in pairs_of(&choice) {
            left.remove(&pair);
        }
        runs += 1;
    }
    assert!(runs > 20, "{runs}");
    let document = include_str!("../../../../../../docs/cures.md");
    let mut grouped: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for (((a, i), (b, j)), reason) in &refused {
        let reason = reason.lines().next_back().unwrap_or_default().trim();
        let reason = reason.strip_prefix("the configuration has a problem: ").unwrap_or(reason);
        grouped.entry((AXES[*b].values[*j].0, reason)).or_default().push(AXES[*a].values[*i].0);
    }
    let mut table = String::new();
    for ((second, reason), firsts) in &grouped {
        writeln!(table, "| {second} | {} | {reason} |", firsts.join(", ")).unwrap();
    }
    assert!(document.contains(&table), "docs/cures.md lists what is refused; {runs} runs gave:\n{table}");
}
