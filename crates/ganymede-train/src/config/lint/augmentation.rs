//! Augmentations that leak, or that are one too many.

use ganymede_augment::AugmentConfig;

use super::{Found, Rule};

pub(super) static AUGMENTED_REALS: Rule = Rule {
    name: "augmented-reals",
    paper: "Karras et al., 2020, arXiv:2006.06676, section 2",
    find: |run| {
        let words = "data.augment changes real images only, and the generator learns the changes, too";
        let remedies = ["data.augment=[]"];
        (!run.data.augment.is_empty()).then(|| Found::new(words, &remedies))
    },
};

pub(super) static LECAM_BESIDE_ADA: Rule = Rule {
    name: "lecam-beside-ada",
    paper: "StudioGAN, Kang et al., 2022, arXiv:2206.09479, CIFAR-10",
    find: |run| {
        let is_ada = matches!(run.augment.start(), AugmentConfig::Ada { .. });
        let has_lecam = run.terms.iter().any(|term| term.name() == "lecam");
        let words = "LeCam beside ADA is for few data: on all of CIFAR-10 it raised StyleGAN2's FID from 2.31 to 4.65";
        let is_too_much = is_ada && has_lecam && run.data.subset.is_none();
        is_too_much.then(|| Found::new(words, &["augment={kind=\"none\"}"]))
    },
};
