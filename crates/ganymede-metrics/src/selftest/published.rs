//! Verdicts that were published: those of the notebook `plotting/print_pass_fail_tables.ipynb` in the repository of the
//! paper, over ten repetitions.

use super::rule::Verdict;

/// Of precision, recall, density, coverage, symmetric precision and recall, the cover of real and of generated samples
/// (there precision cover and recall cover), probabilistic precision and recall, in this order:
/// `T`rue, `F`alse, `H`igh.
const TABLE: [(&str, &str, &str); 30] = [
    ("gaussian-mean-difference", "bounds", "FFTTFFTTFF"),
    ("gaussian-mean-difference", "property", "TTTTTTTTTT"),
    ("gaussian-mean-difference-with-outlier", "bounds", "FFFTFFTTFF"),
    ("gaussian-mean-difference-with-outlier", "property", "FFTTFTTTTT"),
    ("gaussian-std-difference", "bounds", "FFFFFFFFFF"),
    ("gaussian-std-difference", "property", "THTFFFFFTH"),
    ("gaussian-mixture-simultaneous-mode-dropping", "bounds", "FFTTFFFTFF"),
    ("gaussian-mixture-simultaneous-mode-dropping", "property", "TFFTFFFTTT"),
    ("gaussian-mixture-sequential-mode-dropping", "bounds", "FFTTFFFTFF"),
    ("gaussian-mixture-sequential-mode-dropping", "property", "TTTTFTFFTT"),
    ("gaussian-mixture-mode-dropping-invention", "bounds", "TTTFFFFFFF"),
    ("gaussian-mixture-mode-dropping-invention", "property", "TTTFFFFFTT"),
    ("uniform-hypersphere-surface", "bounds", "FFFFTTFFFF"),
    ("uniform-hypersphere-surface", "property", "FFFFTTFFFF"),
    ("uniform-hypercube-varying-size", "data size", "FFFFFFFFFF"),
    ("uniform-hypercube-varying-size", "property", "FFFFFFFFFF"),
    ("uniform-hypercube-varying-syn-size", "hyperparameters", "TFTFFFFFTF"),
    ("uniform-hypercube-varying-syn-size", "property", "FFFFFFFFFF"),
    ("sphere-torus", "bounds", "TTTFTFFTTT"),
    ("sphere-torus", "property", "TFTFTFFFTF"),
    ("one-vs-two-modes", "bounds", "FFTTFFTTFF"),
    ("one-vs-two-modes", "property", "TFTFTFTFTF"),
    ("gaussian-scaling-one-dimension", "bounds", "FTTTTTTTTT"),
    ("gaussian-scaling-one-dimension", "transformations", "FFTTTTTTTT"),
    ("gaussian-mean-difference-with-pareto", "bounds", "FTTTTTTTFF"),
    ("gaussian-mean-difference-with-pareto", "property", "TTTTTTTTTT"),
    ("gaussian-high-dim-one-disjoint-dim", "bounds", "FFFFFFFFFF"),
    ("gaussian-high-dim-one-disjoint-dim", "property", "FFFFFFFFFF"),
    ("discrete-numerical-vs-continuous-numerical", "bounds", "FFFFFFFFFF"),
    ("discrete-numerical-vs-continuous-numerical", "property", "FFFFFFFFFF"),
];

/// The published verdict on the measure of this number, if there is one.
pub(super) fn published(check: &str, desideratum: &str, tried: usize) -> Option<Verdict> {
    let row = TABLE.iter().find(|(name, what, _)| *name == check && *what == desideratum)?;
    Some(match row.2.as_bytes().get(tried)? {
        b'T' => Verdict::Pass,
        b'H' => Verdict::High,
        _ => Verdict::Fail,
    })
}
