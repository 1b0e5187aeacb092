//! Schemes of updates: who sees whose move, and how many there are.

use super::*;

/// Both of a simultaneous step are taken where both stood; the generator's of an alternating one is not.
#[test]
fn players_that_move_at_once_do_not_see_one_anothers_move() {
    let simultaneous = scheme_named("simultaneous");
    let (mut at_once, mut by_turns) = (game(|run| run.scheme = simultaneous.clone()), game(|_| ()));
    let (one, other) = (of_both(&at_once), of_both(&by_turns));
    assert_eq!(one, other);
    at_once.play(false).unwrap();
    by_turns.play(false).unwrap();
    let (one, other) = (of_both(&at_once), of_both(&by_turns));
    assert_eq!(one.1, other.1, "the discriminator's first update is the same");
    assert_ne!(one.0, other.0, "the generator has looked at another discriminator");
}

/// w ← w − η·F(w − η·F(w)), both gradients of the same samples.
#[test]
fn an_extra_gradient_is_that_of_where_the_first_leads() {
    const RATE: f64 = 0.1;
    let change = |run: &mut Run| {
        run.scheme = scheme_named("extra-gradient");
        (run.optimizer_g, run.optimizer_d) = (sgd(RATE), sgd(RATE));
    };
    let (mut game, mut twin) = (game(change), game(change));
    let players = &mut twin.players;
    let draws_d = players.draw_discriminator(0, 0).unwrap();
    let draws_g = players.draw_generator(0, draws_d.real.clone()).unwrap();
    let nets = [players.discriminator.net.params().clone(), players.generator.net.params().clone()];
    let before = nets.each_ref().map(|params| params.snapshot().unwrap());
    let move_by_the_gradients_here = |from: &[Vec<Tensor>; 2]| {
        let d = players.discriminator_field(&draws_d, Part::Loss, Graph::Discard, false).unwrap();
        let g = players.generator_field(&draws_g, Part::Loss, Graph::Discard, false).unwrap();
        for ((params, from), field) in nets.iter().zip(from).zip([&d, &g]) {
            let there = from.iter().zip(&field.gradients).map(|(w, g)| (w - (g * RATE).unwrap()).unwrap());
            params.restore(&there.collect::<Vec<_>>()).unwrap();
        }
    };
    move_by_the_gradients_here(&before);
    move_by_the_gradients_here(&before);
    game.play(false).unwrap();
    let weights = |game: &Game| {
        let of = |params: &Params| {
            params
                .snapshot()
                .unwrap()
                .iter()
                .map(|t| t.flatten_all().unwrap().to_vec1::<f32>().unwrap())
                .collect::<Vec<_>>()
        };
        [of(game.players.discriminator.net.params()), of(game.players.generator.net.params())]
            .concat()
            .concat()
    };
    let (found, wanted) = (weights(&game), weights(&twin));
    assert!(found.iter().zip(&wanted).all(|(a, b)| (a - b).abs() <= 1e-6 * b.abs().max(1.0)));
}

/// Three updates for two steps, then one; and as many as the losses ask for, which are a state.
#[test]
fn the_number_of_updates_may_follow_a_course_or_the_losses() {
    let course = Course::Piecewise { points: vec![(0, 3.0), (1, 3.0), (2, 1.0)] };
    let by_course = NCritic { most: 3, course: Some(course), ratio: None };
    let mut scheduled = game(|run| run.n_critic = by_course.clone());
    let images: Vec<u64> = (0..4)
        .map(|_| {
            scheduled.play(false).unwrap();
            scheduled.images() / 4
        })
        .collect();
    assert_eq!(images, [3, 6, 7, 8]);
    assert_eq!(scheduled.players.critic.number(4, 0), 8);

    for (ratio, least, most) in [(0.0, 4 * 6, 4 * 6), (1e6, 5 + 4, 4 * 3), (1.0, 6, 4 * 6)] {
        let change = |run: &mut Run| run.n_critic = NCritic { ratio: Some(ratio), ..NCritic::fixed(4) };
        let (mut game, mut twin) = (game(change), game(change));
        (0..3).for_each(|_| drop(game.play(false).unwrap()));
        carry_over(&game, &mut twin);
        for _ in 0..3 {
            let one = game.play(true).unwrap().unwrap().read(1, 4).unwrap();
            assert_eq!(one, twin.play(true).unwrap().unwrap().read(1, 4).unwrap());
        }
        assert_eq!(of_both(&game), of_both(&twin));
        let updates = game.players.discriminator.learner.optimizer.steps();
        assert!((least..=most).contains(&updates), "{ratio}: {updates}");
        assert_eq!(updates, game.players.critic.number(6, 0));
    }
}
