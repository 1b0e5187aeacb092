//! Every target on its seeds, among them whatever was found once, and on some mutants.
#![allow(clippy::unwrap_used)]

use ganymede_fuzz::{Corpus, Mutator, Scratch, TARGETS};

/// Mutants of each target: a smoke test; `cargo xtask fuzz` tries more.
const MUTANTS: u64 = 300;

#[test]
fn no_target_panics_on_seeds_and_some_mutants() {
    let scratch = Scratch::new().unwrap();
    for target in TARGETS {
        let corpus = Corpus::of(target).unwrap();
        corpus.seeds.iter().for_each(|seed| (target.run)(seed, &scratch));
        let mutator = Mutator::new(target, &corpus, 0);
        (0..MUTANTS).for_each(|number| (target.run)(&mutator.input(number), &scratch));
    }
}

#[test]
fn inputs_depend_on_seed_and_number_alone() {
    for target in TARGETS {
        let corpus = Corpus::of(target).unwrap();
        let inputs = |seed: u64| -> Vec<Vec<u8>> {
            let mutator = Mutator::new(target, &corpus, seed);
            (0..20).map(|number| mutator.input(number)).collect()
        };
        assert_eq!(inputs(7), inputs(7), "{}", target.name);
        assert_ne!(inputs(7), inputs(8), "{}", target.name);
    }
}
