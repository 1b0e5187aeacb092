//! The square of the sum of real and generated scores, which keeps those of relativistic losses from wandering off together
//! (Lin et al., 2025, Adversarial flow models, arXiv:2511.22475).

use ganymede_losses::logit_centring::logit_centring;

use super::TermKind;
use super::of_scores::OfScores;

pub(super) static LOGIT_CENTRING: TermKind =
    TermKind { name: "logit-centring", read: |table| TERM.read(table) };

const TERM: OfScores = OfScores { logged: "logit_centring", usual: 0.01, value: logit_centring };
