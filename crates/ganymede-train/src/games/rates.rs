//! How fast each scheme comes to the equilibrium, or leaves it: the factor on the radius of a step, predicted and measured.
//!
//! Near its equilibrium a game's step is linear. On the bilinear game ẋ = F(x) with F = (ψ, −θ) up to sign, whose eigenvalues
//! are ±i, most schemes act on each eigendirection by itself, so that the factor is the modulus of a complex number; where a
//! scheme remembers something, it is the largest root of a polynomial.

use super::{play, radius};
use crate::error::TrainError;

/// The rate of both players.
const H: f64 = 0.2;

/// How a game is played: from where, how long, with how many samples.
#[derive(Clone, Copy, Debug)]
struct Pace {
    start: f64,
    steps: usize,
    batch: usize,
}

/// From near enough to 0 for the losses that are not linear.
const USUAL: Pace = Pace { start: 1e-3, steps: 400, batch: 2 };
/// What is random averages out over many samples, and ends before it is all that is left.
const NOISY: Pace = Pace { start: 0.2, steps: 60, batch: 1 << 14 };

/// A game, and what theory says of it.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Which game.
    pub game: &'static str,
    /// What both players do.
    pub method: &'static str,
    /// The settings that say so.
    pub settings: &'static str,
    /// The factor on the radius of a step, in words.
    pub formula: &'static str,
    /// And as a number.
    pub predicted: fn() -> f64,
    /// Where it stands.
    pub source: &'static str,
    pace: Pace,
}

/// A factor as theory gives it, and as it was.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// By the closed form.
    pub predicted: f64,
    /// The mean over the last half of the steps.
    pub measured: f64,
}

const BILINEAR: &str = "bilinear";
const DIRAC: &str = "Dirac-GAN";
const MESCHEDER: &str = "Mescheder et al., 2018, arXiv:1801.04406, section 3 and 4";
const GIDEL: &str = "Gidel et al., 2018, arXiv:1802.10551, section 3";
const CONSENSUS: &str = "Mescheder et al., 2017, arXiv:1705.10461, section 4";

/// Every game with its answer.
pub const TABLE: &[Case] = &[
    Case {
        game: BILINEAR,
        method: "simultaneous",
        settings: "loss.kind = \"wasserstein\"\nscheme.kind = \"simultaneous\"",
        formula: "√(1 + h²): it diverges",
        predicted: || (1.0 + H * H).sqrt(),
        source: GIDEL,
        pace: USUAL,
    },
    Case {
        game: BILINEAR,
        method: "alternating",
        settings: "loss.kind = \"wasserstein\"",
        formula: "1: it cycles",
        predicted: || 1.0,
        source: "Gidel et al., 2018, arXiv:1807.04740, theorem 4",
        pace: USUAL,
    },
    Case {
        game: BILINEAR,
        method: "alternating, momentum −0.5",
        settings: "loss.kind = \"wasserstein\"\noptimizer.generator.momentum = -0.5\n\
                   optimizer.discriminator.momentum = -0.5",
        formula: "largest root of ((1 − z)(z − β))² + h² z³ = 0",
        predicted: || negative_momentum(-0.5),
        source: "Gidel et al., 2018, arXiv:1807.04740, theorem 5",
        pace: USUAL,
    },
    Case {
        game: BILINEAR,
        method: "extra-gradient",
        settings: "loss.kind = \"wasserstein\"\nscheme.kind = \"extra-gradient\"",
        formula: "√(1 − h² + h⁴)",
        predicted: || (1.0 - H.powi(2) + H.powi(4)).sqrt(),
        source: GIDEL,
        pace: USUAL,
    },
    Case {
        game: BILINEAR,
        method: "extrapolation from the past",
        settings: "loss.kind = \"wasserstein\"\nscheme.kind = \"extrapolation-from-the-past\"",
        formula: "largest root of z² − (1 − 2hi) z − hi = 0",
        predicted: optimistic,
        source: "Daskalakis et al., 2017, arXiv:1711.00141, section 3",
        pace: USUAL,
    },
    Case {
        game: BILINEAR,
        method: "consensus, γ 1",
        settings: "loss.kind = \"wasserstein\"\nscheme = { kind = \"consensus\", gamma = 1.0 }",
        formula: "√((1 − hγ)² + h²)",
        predicted: || (1.0 - H).hypot(H),
        source: CONSENSUS,
        pace: USUAL,
    },
    Case {
        game: BILINEAR,
        method: "symplectic, λ 1",
        settings: "loss.kind = \"wasserstein\"\nscheme = { kind = \"symplectic\", lambda = 1.0 }",
        formula: "√((1 − hλ)² + h²)",
        predicted: || (1.0 - H).hypot(H),
        source: "Balduzzi et al., 2018, arXiv:1802.05642, section 3.3",
        pace: USUAL,
    },
    Case {
        game: BILINEAR,
        method: "simultaneous, lookahead 5, α 0.5",
        settings: "loss.kind = \"wasserstein\"\nscheme.kind = \"simultaneous\"\noptimizer.lookahead = 5\n\
                   optimizer.lookahead_alpha = 0.5",
        formula: "|1 − α + α (1 + hi)ᵏ|, to the power 1/k",
        predicted: || lookahead(5, 0.5),
        source: "Chavdarova et al., 2020, arXiv:2006.14567, section 4",
        pace: USUAL,
    },
    Case {
        game: DIRAC,
        method: "simultaneous",
        settings: "loss.kind = \"minimax\"\nscheme.kind = \"simultaneous\"",
        formula: "√(1 + h² f'²), f' = ½: it diverges",
        predicted: || (1.0 + 0.25 * H * H).sqrt(),
        source: MESCHEDER,
        pace: USUAL,
    },
    Case {
        game: DIRAC,
        method: "simultaneous, R1 γ 0.3",
        settings: "loss.kind = \"minimax\"\nscheme.kind = \"simultaneous\"\npenalty = [{ kind = \"r1\", gamma = 0.3 }]",
        formula: "|1 + h μ|, μ = −γ/2 ± √(γ²/4 − f'²)",
        predicted: || r1(0.3),
        source: MESCHEDER,
        pace: USUAL,
    },
    Case {
        game: DIRAC,
        method: "simultaneous, R1 γ 1 (critical)",
        settings: "loss.kind = \"minimax\"\nscheme.kind = \"simultaneous\"\npenalty = [{ kind = \"r1\", gamma = 1.0 }]",
        formula: "|1 − h γ/2|, both eigenvalues alike",
        predicted: || 1.0 - 0.5 * H,
        source: MESCHEDER,
        pace: USUAL,
    },
    Case {
        game: DIRAC,
        method: "simultaneous, instance noise σ 2",
        settings: "loss.kind = \"minimax\"\nscheme.kind = \"simultaneous\"\n\
                   augment = { kind = \"instance-noise\", sigma = 2.0 }",
        formula: "|1 + h μ|, μ = −σ²/4 ± √(σ⁴/16 − f'²)",
        // As R1 with γ = σ²/2: f'' is −¼ at 0, and both kinds of samples have the noise.
        predicted: || r1(2.0),
        source: MESCHEDER,
        pace: NOISY,
    },
    Case {
        game: DIRAC,
        method: "consensus, γ 1",
        settings: "loss.kind = \"minimax\"\nscheme = { kind = \"consensus\", gamma = 1.0 }",
        formula: "√((1 − hγ f'²)² + h² f'²)",
        predicted: || (1.0 - 0.25 * H).hypot(0.5 * H),
        source: CONSENSUS,
        pace: USUAL,
    },
    Case {
        game: DIRAC,
        method: "extra-gradient",
        settings: "loss.kind = \"minimax\"\nscheme.kind = \"extra-gradient\"",
        formula: "√(1 − (h f')² + (h f')⁴)",
        predicted: || (1.0 - (0.5 * H).powi(2) + (0.5 * H).powi(4)).sqrt(),
        source: GIDEL,
        pace: USUAL,
    },
    Case {
        game: DIRAC,
        method: "unrolled, 5 steps, alternating",
        settings: "loss.kind = \"minimax\"\nscheme = { kind = \"unrolled\", steps = 5 }",
        formula: "√(1 − 2k (h f')²)",
        predicted: || (1.0 - 10.0 * (0.5 * H).powi(2)).sqrt(),
        source: "linearised: θ meets ψ − k h f' θ, and how that changes with θ adds as much again",
        pace: USUAL,
    },
];

/// Plays a case and measures it.
///
/// # Errors
/// As [`play`].
pub fn measured(case: &Case) -> Result<Rates, TrainError> {
    let Pace { start, steps, batch } = case.pace;
    let rules = format!(
        "{}\nrun.batch = {batch}\noptimizer.generator.kind = \"sgd\"\noptimizer.generator.lr = {H}\n\
         optimizer.discriminator.kind = \"sgd\"\noptimizer.discriminator.lr = {H}",
        case.settings
    );
    let path = play(&rules, [start, start], steps)?;
    let late: Vec<f64> = path[steps / 2..].iter().map(|point| radius(*point).ln()).collect();
    Ok(Rates { predicted: (case.predicted)(), measured: slope(&late).exp() })
}

/// The slope of the line through equally spaced values that lies nearest to them: orbits are ellipses, whose radius goes up and
/// down on its way.
fn slope(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let (middle, mean) = ((n - 1.0) / 2.0, values.iter().sum::<f64>() / n);
    let offsets = || (0..values.len()).map(|i| i as f64 - middle);
    let along: f64 = offsets().zip(values).map(|(x, y)| x * (y - mean)).sum();
    along / offsets().map(|x| x * x).sum::<f64>()
}

/// |1 + hμ| of the slower eigenvalue.
fn r1(gamma: f64) -> f64 {
    let (re, squared) = (-gamma / 2.0, gamma * gamma / 4.0 - 0.25);
    if squared < 0.0 {
        (1.0 + H * re).hypot(H * (-squared).sqrt())
    } else {
        (1.0 + H * (re + squared.sqrt())).abs()
    }
}

fn lookahead(k: i32, alpha: f64) -> f64 {
    let (modulus, angle) = ((1.0 + H * H).sqrt().powi(k), H.atan() * f64::from(k));
    let (re, im) = (1.0 - alpha + alpha * modulus * angle.cos(), alpha * modulus * angle.sin());
    re.hypot(im).powf(1.0 / f64::from(k))
}

/// The larger root of z² − (1 − 2hi) z − hi = 0.
fn optimistic() -> f64 {
    // The discriminant (1 − 2hi)² + 4hi is 1 − 4h², real.
    let root = (1.0 - 4.0 * H * H).sqrt();
    ((1.0 + root) / 2.0).hypot(H)
}

/// The largest |z| with ((1 − z)(z − β))² + h² z³ = 0, by the power method on the companion matrix of the four weights and
/// their momenta.
fn negative_momentum(beta: f64) -> f64 {
    let step = |[theta, psi, m_theta, m_psi]: [f64; 4]| {
        let m_psi = beta * m_psi + theta;
        let psi = psi - H * m_psi;
        let m_theta = beta * m_theta - psi;
        [theta - H * m_theta, psi, m_theta, m_psi]
    };
    let norm = |x: [f64; 4]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let (mut x, mut log) = ([1.0, 1.0, 0.0, 0.0], 0.0);
    const STEPS: usize = 200_000;
    for i in 0..STEPS {
        x = step(x);
        let length = norm(x);
        x = x.map(|x| x / length);
        if i >= STEPS / 2 {
            log += length.ln();
        }
    }
    (log / (STEPS - STEPS / 2) as f64).exp()
}
