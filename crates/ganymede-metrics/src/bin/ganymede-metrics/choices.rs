//! Which measures there are, and whose conventions they follow.

use clap::ValueEnum;
use ganymede_metrics::{Choices, Convention, Resize};

use crate::args::NetworkArgs;

/// A measure, by the name that it has on the command line and in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Metric {
    Fid,
    FidInfinity,
    Sfid,
    Kid,
    Is,
    Prdc,
    Pr,
    Mind,
    Memorisation,
    Vendi,
    MsSsim,
    Swd,
    /// All of the above.
    All,
}

impl Metric {
    pub(crate) const EVERY: [Self; 12] = [
        Self::Fid,
        Self::FidInfinity,
        Self::Sfid,
        Self::Kid,
        Self::Is,
        Self::Prdc,
        Self::Pr,
        Self::Mind,
        Self::Memorisation,
        Self::Vendi,
        Self::MsSsim,
        Self::Swd,
    ];
    const USUAL: [Self; 4] = [Self::Fid, Self::Kid, Self::Is, Self::Prdc];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fid => "fid",
            Self::FidInfinity => "fid-infinity",
            Self::Sfid => "sfid",
            Self::Kid => "kid",
            Self::Is => "is",
            Self::Prdc => "prdc",
            Self::Pr => "pr",
            Self::Mind => "mind",
            Self::Memorisation => "memorisation",
            Self::Vendi => "vendi",
            Self::MsSsim => "ms-ssim",
            Self::Swd => "swd",
            Self::All => "all",
        }
    }

    /// Whether it looks at pixels and not at features.
    pub(crate) fn of_pixels(self) -> bool {
        matches!(self, Self::MsSsim | Self::Swd)
    }

    /// Whether draws of random numbers are part of it.
    pub(crate) fn is_random(self) -> bool {
        matches!(self, Self::FidInfinity | Self::Kid | Self::Is | Self::Mind | Self::MsSsim | Self::Swd)
    }

    /// Whether a covariance is part of it.
    pub(crate) fn has_covariance(self) -> bool {
        matches!(self, Self::Fid | Self::FidInfinity | Self::Sfid)
    }
}

/// What was asked for: each measure once, and whether it was asked for by name.
pub(crate) struct Wanted {
    pub(crate) metrics: Vec<Metric>,
    pub(crate) by_name: bool,
}

impl Wanted {
    pub(crate) fn new(asked: &[Metric]) -> Self {
        if asked.is_empty() {
            return Self { metrics: Metric::USUAL.to_vec(), by_name: false };
        }
        if asked.contains(&Metric::All) {
            return Self { metrics: Metric::EVERY.to_vec(), by_name: false };
        }
        let metrics = Metric::EVERY.into_iter().filter(|metric| asked.contains(metric)).collect();
        Self { metrics, by_name: true }
    }

    pub(crate) fn has(&self, metric: Metric) -> bool {
        self.metrics.contains(&metric)
    }
}

/// A convention, with what the command line changes of it.
pub(crate) struct Rules {
    pub(crate) convention: Convention,
    pub(crate) choices: Choices,
    pub(crate) resize: Resize,
}

impl Rules {
    pub(crate) fn new(args: &NetworkArgs) -> Self {
        let convention = Convention::ALL.iter().copied().find(|c| c.name() == args.convention);
        // The command line lets no other names through.
        let convention = convention.unwrap_or_default();
        let choices = convention.choices();
        let named = |name: &String| Resize::ALL.iter().copied().find(|r| r.name() == name);
        let resize = args.resize.as_ref().and_then(named).unwrap_or(choices.resize);
        Self { convention, choices, resize }
    }

    /// Ours, for features that another program computed.
    pub(crate) fn ours() -> Self {
        let (convention, choices) = (Convention::default(), Convention::default().choices());
        Self { convention, choices, resize: choices.resize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_has_the_name_that_the_command_line_knows() {
        for metric in Metric::EVERY {
            let known = metric.to_possible_value().unwrap();
            assert_eq!(known.get_name(), metric.name());
        }
    }

    #[test]
    fn measures_come_once_and_in_one_order() {
        let wanted = Wanted::new(&[Metric::Prdc, Metric::Fid, Metric::Prdc]);
        assert_eq!(wanted.metrics, [Metric::Fid, Metric::Prdc]);
        assert!(wanted.by_name);
        assert_eq!(Wanted::new(&[Metric::Is, Metric::All]).metrics, Metric::EVERY);
    }
}
