use super::*;

/// (1, 1) where they have the score −ψ x.
const START: Point = [1.0, -1.0];

fn rules(game: &str, scheme: &str, n_critic: usize) -> String {
    let [d, g] = ["discriminator", "generator"]
        .map(|player| format!("optimizer.{player} = {{ kind = \"sgd\", lr = 0.2 }}"));
    format!("{game}\nscheme.kind = \"{scheme}\"\nrun.batch = 2\noptimizer.n_critic = {n_critic}\n{d}\n{g}")
}

/// Where the generator moves from the start, by the derivatives of its losses.
fn first_move(settings: &str) -> f64 {
    let ([theta, psi], sigmoid) = (START, |t: f64| 1.0 / (1.0 + (-t).exp()));
    match settings {
        _ if settings.contains("minimax") => psi * sigmoid(psi * theta),
        _ if settings.contains("non-saturating") => psi * sigmoid(-psi * theta),
        _ => psi,
    }
}

/// The programs of Mescheder et al. (2018), 500 steps of rate 0.2 from (1, 1): θ and ψ at the end, and the radius at step 100.
#[test]
fn the_orbits_of_the_dirac_gan_are_those_that_are_published() {
    let alternating = |game: &str, n_critic: usize| rules(game, "alternating", n_critic);
    let at_once = |game: &str| rules(game, "simultaneous", 1);
    let gan = "loss.kind = \"minimax\"";
    let nsgan = "loss.kind = \"non-saturating\"";
    let wgan = "loss.kind = \"wasserstein\"\noptimizer.weight_clip = 1.0";
    let wgan_gp = "loss.kind = \"wasserstein\"\npenalty = [{ kind = \"wgan-gp\", lambda = 0.35 }]";
    let r1 = |loss: &str, gamma: f64| format!("{loss}\npenalty = [{{ kind = \"r1\", gamma = {gamma} }}]");
    let consensus = format!("{gan}\nscheme.gamma = 1.0");
    for (name, settings, theta, psi, r100) in [
        ("gan", at_once(gan), -2.1616112824660947, -2.217775396545826, 1.9626239328115946),
        ("gan", alternating(gan, 1), 0.6868336612231268, 1.2440072943196263, 1.4035294786601795),
        ("gan", alternating(gan, 5), 0.7688565131351238, 1.677466597785633, 2.447177364881401),
        ("nsgan", at_once(nsgan), 0.5483373190047959, 0.3304410558195831, 0.7414713787453364),
        ("nsgan", alternating(nsgan, 1), 0.20488849197903664, 0.1965533328199852, 0.575548485325123),
        ("nsgan", alternating(nsgan, 5), 0.11589026357102952, -0.07652562781211888, 0.5459851379169762),
        ("wgan", at_once(wgan), -0.06564078219384933, 1.0, 1.2724350923260046),
        ("wgan", alternating(wgan, 1), 0.9790762972911974, 0.3003815197789117, 0.9775477987587105),
        ("wgan", alternating(wgan, 5), 0.0867733356706048, -0.9127693968138666, 0.7309779024978318),
        ("wgan-gp", at_once(wgan_gp), -0.1808491942832558, -1.7926941400713123, 1.7992817539084276),
        ("wgan-gp", alternating(wgan_gp, 1), -0.13255947295561965, 1.213849951412346, 1.438004961013243),
        ("wgan-gp", alternating(wgan_gp, 5), 0.7160275985236454, -0.019784810559688427, 0.7057285957835367),
        ("r1", at_once(&r1(gan, 0.3)), 1.1103367488111711e-06, -2.398079351089848e-06, 0.09898941213362143),
        (
            "r1",
            alternating(&r1(gan, 0.3), 1),
            -5.167048431700619e-08,
            -2.2421453821894787e-07,
            0.06100420751145123,
        ),
        (
            "r1",
            alternating(&r1(gan, 0.3), 5),
            4.944699455862224e-34,
            7.817215478600593e-34,
            2.6913574240809163e-07,
        ),
        (
            "r1 critical",
            at_once(&r1(gan, 1.0)),
            6.798346145116809e-22,
            6.676743802969218e-22,
            0.00037913294743565365,
        ),
        (
            "r1 critical",
            alternating(&r1(gan, 1.0), 1),
            6.042946622050571e-17,
            4.4104070540948496e-17,
            0.0010932700161033519,
        ),
        (
            "r1 critical",
            alternating(&r1(gan, 1.0), 5),
            4.57542347668254e-12,
            2.3497081761640797e-12,
            0.007409027324886382,
        ),
        // Their program has half of the part with f'': this is the gradient of ½‖v‖², by hand.
        (
            "consensus",
            rules(&consensus, "consensus", 1),
            -7.507242999205091e-11,
            2.466850328108214e-10,
            0.02316196542467486,
        ),
        (
            "r1 nsgan",
            at_once(&r1(nsgan, 0.3)),
            2.1473846040161784e-06,
            -5.305735576305855e-07,
            0.07660927769966705,
        ),
        (
            "r1 nsgan",
            alternating(&r1(nsgan, 0.3), 1),
            7.395319243702589e-08,
            -1.304358524115798e-07,
            0.048483555002000314,
        ),
        (
            "r1 nsgan",
            alternating(&r1(nsgan, 0.3), 5),
            7.042579942358577e-35,
            3.916243556892287e-34,
            3.4581952557943415e-07,
        ),
    ] {
        // The norm of a gradient has 1e-12 under its root here, which shows where ψ passes through 0.
        let tolerance = if name == "wgan-gp" { 5e-8 } else { 1e-9 };
        let close = |found: f64, wanted: f64| (found - wanted).abs() <= tolerance * wanted.abs().max(1.0);
        // Their alternating steps begin with the generator, so that our game begins behind its first move, and the end of one
        // of their steps lies in the middle of one of ours.
        let by_turns = settings.contains("alternating");
        let start = if by_turns { [START[0] + 0.2 * first_move(&settings), START[1]] } else { START };
        let path = play(&settings, start, 500).unwrap();
        let after = |steps: usize| [path[steps - usize::from(by_turns)][0], -path[steps][1]];
        let [found_theta, found_psi] = after(500);
        let found = (found_theta, found_psi, radius(after(100)));
        assert!(
            close(found.0, theta) && close(found.1, psi) && close(found.2, r100),
            "{name}: {found:?}, published {:?}\n{settings}",
            (theta, psi, r100)
        );
    }
}

#[test]
fn every_scheme_moves_at_the_rate_that_theory_gives() {
    for case in TABLE {
        let Rates { predicted, measured } = measured(case).unwrap();
        // Orbits are ellipses, and where eigenvalues meet a step more is of another power.
        assert!((predicted - measured).abs() < 0.004, "{case:?}: {predicted} {measured}");
        assert_eq!(predicted > 1.0 + 1e-9, case.formula.contains("diverges"), "{case:?}");
    }
}

/// There is no slope in the Jensen-Shannon divergence, and a critic of slope 1 shows the one that there is.
#[test]
fn parallel_lines_are_as_far_apart_as_a_critic_says() {
    for theta in [-1.0, -0.3, 0.1, 0.5, 2.0] {
        assert!((lines::jensen_shannon(theta, 1e-3) - 2f64.ln()).abs() < 1e-12);
    }
    assert_eq!(lines::jensen_shannon(0.0, 1e-3), 0.0);
    for theta in [-1.0, 0.25, 0.5] {
        let [value, exact] = lines::critic(theta, 0).unwrap();
        assert!((exact - f64::abs(theta)).abs() < 0.01 * f64::abs(theta), "{theta}: {exact}");
        assert!((value - exact).abs() <= 0.05 * exact, "{theta}: {value} {exact}");
    }
}
