//! What a forward pass is for.

/// Whether a forward pass trains, and whether it may change what the model remembers.
///
/// Running means, running variances, spectral vectors and the centre of a mapping change inside a forward pass with
/// `Train { update_stats: true }`, the first two with `Standing` too, and in no other. PyTorch ties both to `module.train()`; here a
/// gradient penalty, a second discriminator pass of the same step or a generator step through the
/// discriminator can use the statistics of the batch without counting the batch twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Batch statistics normalise.
    Train {
        /// Whether running statistics and spectral vectors move on by one step.
        update_stats: bool,
    },
    /// Batch statistics normalise, and running statistics become the means over this pass and those before it: see
    /// [`standing_statistics`](crate::standing_statistics). Spectral vectors stay.
    Standing {
        /// The number of the pass, from 0.
        pass: u64,
    },
    /// Running statistics normalise; nothing changes.
    Eval,
}

impl Mode {
    /// Whether batch statistics are used.
    pub const fn is_train(self) -> bool {
        matches!(self, Mode::Train { .. } | Mode::Standing { .. })
    }

    /// The same, in which running statistics and spectral vectors do not move on: for a second look at a batch.
    pub(crate) const fn without_updates(self) -> Self {
        match self {
            Mode::Train { .. } => Mode::Train { update_stats: false },
            other => other,
        }
    }

    /// Whether running statistics and spectral vectors move on by one step.
    pub const fn updates_stats(self) -> bool {
        matches!(self, Mode::Train { update_stats: true })
    }
}
