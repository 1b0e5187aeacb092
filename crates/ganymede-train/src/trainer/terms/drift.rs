//! The square of real scores, which keeps a critic's scores near 0 (PGGAN: Karras et al., 2018, arXiv:1710.10196,
//! appendix A.1).

use ganymede_losses::drift::drift;

use super::TermKind;
use super::of_scores::OfScores;

pub(super) static DRIFT: TermKind = TermKind { name: "drift", read: |table| TERM.read(table) };

/// The usual weight is ε of the paper.
const TERM: OfScores = OfScores { logged: "drift", usual: 1e-3, value: |scores| drift(scores.real) };
