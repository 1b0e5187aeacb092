//! Batch normalisation and features of the batch, where the batch is not what they are made for.

use super::{Found, Rule};

pub(super) static BATCH_NORM_UNDER_PENALTY: Rule = Rule {
    name: "batch-norm-under-penalty",
    paper: "Gulrajani et al., 2017, arXiv:1704.00028, section 4",
    find: |run| {
        let traits = run.discriminator.traits();
        // Features of the batch are made for it: StyleGAN2 has them under R1.
        let by_norm = traits.mixes_batch && !traits.sees_batch;
        let penalty = run.penalties.first().filter(|_| by_norm)?;
        let words = format!(
            "discriminator.norm = \"batch\" couples the samples of a batch, and {} penalises the gradient of each \
             sample",
            penalty.penalty.start().name()
        );
        Some(Found::new(words, &["discriminator.norm=\"layer\"", "discriminator.norm=\"none\""]))
    },
};

/// Samples below which their mean and deviation are mostly noise.
const FEW: usize = 8;

pub(super) static BATCH_NORM_OF_FEW: Rule = Rule {
    name: "batch-norm-of-few",
    paper: "Wu and He, 2018, arXiv:1803.08494, section 4.1",
    find: |run| {
        let batch = run.batch / run.accumulate.max(1);
        let (g, d) = (run.generator.traits(), run.discriminator.traits());
        let player = match () {
            // A sample by itself is normalised over its own pixels, and images with a condition are trained so.
            () if !(2..FEW).contains(&batch) || run.data.pairs.is_some() => return None,
            () if g.mixes_batch && !g.sees_batch => "generator",
            () if d.mixes_batch && !d.sees_batch => "discriminator",
            () => return None,
        };
        let words = format!(
            "batch normalisation of the {player} takes means of {batch} samples, which are mostly noise: samples of a batch \
             come out alike"
        );
        Some(Found::new(words, &["run.batch=32"]))
    },
};

pub(super) static STDDEV_GROUP: Rule = Rule {
    name: "stddev-group",
    paper: "Karras et al., 2018, arXiv:1710.10196, section 3",
    find: |run| {
        let settings = run.discriminator.write();
        let group = settings.get("mbstd_group")?.as_integer()?;
        let batch = run.batch / run.accumulate.max(1);
        let is_short = batch < usize::try_from(group).ok()?;
        let words = format!(
            "the discriminator takes deviations over groups of {group} samples, and a batch has {batch}: it cannot see \
             that samples are alike"
        );
        is_short.then(|| {
            Found::new(words, &[&format!("run.batch={group}"), &format!("discriminator.mbstd_group={batch}")])
        })
    },
};
