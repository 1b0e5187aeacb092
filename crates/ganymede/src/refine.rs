//! `--sampling`: samples that the discriminator has had a say in.

use std::str::FromStr;

use anyhow::Result;
use ganymede_train::{Refinement, RejectionGamma};

use crate::numbers;
use crate::words::Misuse;

const USUAL_PERCENTILE: f64 = 80.0;
const USUAL_BURN_IN: usize = 1000;
const USUAL_STEPS: usize = 100;
const USUAL_STEP_SIZE: f64 = 0.01;

/// What the discriminator has to say of samples.
#[derive(Debug, clap::Args)]
pub(crate) struct RefineArgs {
    /// Let the run's discriminator have a say, of runs with the loss non-saturating or minimax. rejection: samples are
    /// refused that it does not take for real, and drawn again (Azadi et al.). langevin: latent vectors move to where it
    /// likes what comes of them (Che et al.)
    #[arg(long, value_name = "HOW")]
    pub(crate) sampling: Option<HowToRefine>,
    /// With rejection: what is taken off before a sample's chance; a number, 0 for samples as the data if the discriminator
    /// is right, or a percentile of the burn-in such as 80% [default: 80%, as in the paper]
    #[arg(long, value_name = "GAMMA", requires = "sampling", allow_negative_numbers = true)]
    pub(crate) rejection_gamma: Option<Gamma>,
    /// With rejection: samples in which the largest score is looked for first [default: 1000; 10,000 in the paper]
    #[arg(long, value_name = "N", requires = "sampling", value_parser = numbers::burn_in)]
    pub(crate) rejection_burn_in: Option<usize>,
    /// With langevin: moves of each latent vector [default: 100]
    #[arg(long, value_name = "N", requires = "sampling", value_parser = numbers::langevin_steps)]
    pub(crate) langevin_steps: Option<usize>,
    /// With langevin: the size of a move, ε; smaller ones are more exact [default: 0.01]
    #[arg(long, value_name = "SIZE", requires = "sampling")]
    pub(crate) langevin_step_size: Option<f64>,
}

/// `--sampling`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HowToRefine {
    Rejection,
    Langevin,
}

/// `--rejection-gamma`
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Gamma(RejectionGamma);

impl RefineArgs {
    /// What is asked for.
    pub(crate) fn refinement(&self) -> Result<Option<Refinement>> {
        let Some(how) = self.sampling else { return Ok(None) };
        let of_rejection = [
            ("--rejection-gamma", self.rejection_gamma.is_some()),
            ("--rejection-burn-in", self.rejection_burn_in.is_some()),
        ];
        let of_langevin = [
            ("--langevin-steps", self.langevin_steps.is_some()),
            ("--langevin-step-size", self.langevin_step_size.is_some()),
        ];
        let (others, other) = match how {
            HowToRefine::Rejection => (of_langevin, "langevin"),
            HowToRefine::Langevin => (of_rejection, "rejection"),
        };
        if let Some((option, _)) = others.into_iter().find(|(_, given)| *given) {
            return Err(Misuse(format!("{option}: belongs to --sampling {other}; leave it out")).into());
        }
        Ok(Some(match how {
            HowToRefine::Rejection => Refinement::Rejection {
                gamma: self
                    .rejection_gamma
                    .map_or(RejectionGamma::Percentile(USUAL_PERCENTILE), |gamma| gamma.0),
                burn_in: self.rejection_burn_in.unwrap_or(USUAL_BURN_IN),
            },
            HowToRefine::Langevin => Refinement::Langevin {
                steps: self.langevin_steps.unwrap_or(USUAL_STEPS),
                step_size: self.langevin_step_size.unwrap_or(USUAL_STEP_SIZE),
            },
        }))
    }
}

impl FromStr for HowToRefine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "rejection" => Ok(Self::Rejection),
            "langevin" => Ok(Self::Langevin),
            _ => Err("give rejection (refuse samples) or langevin (move latent vectors)".to_owned()),
        }
    }
}

impl FromStr for Gamma {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "give a number from -1000 to 1000, or a percentile from 0% to 100%".to_owned();
        let number = |text: &str| text.trim().parse::<f64>().ok();
        let gamma = match text.strip_suffix('%') {
            Some(percentile) => {
                number(percentile).filter(|p| (0.0..=100.0).contains(p)).map(RejectionGamma::Percentile)
            }
            None => number(text).filter(|gamma| gamma.abs() <= 1e3).map(RejectionGamma::Number),
        };
        gamma.map(Self).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gammas_are_numbers_or_percentiles() {
        let number = |gamma| Ok(Gamma(RejectionGamma::Number(gamma)));
        assert_eq!("0".parse(), number(0.0));
        assert_eq!("-2.5".parse(), number(-2.5));
        assert_eq!("80%".parse(), Ok(Gamma(RejectionGamma::Percentile(80.0))));
        for wrong in ["", "%", "101%", "-1%", "1001", "nan", "inf", "nan%", "80 per cent"] {
            assert!(wrong.parse::<Gamma>().unwrap_err().contains("percentile"), "{wrong}");
        }
    }

    #[test]
    fn settings_of_the_other_way_are_refused() {
        let args = RefineArgs {
            sampling: Some(HowToRefine::Langevin),
            rejection_gamma: None,
            rejection_burn_in: Some(10),
            langevin_steps: None,
            langevin_step_size: None,
        };
        let message = args.refinement().unwrap_err().to_string();
        assert!(
            message.contains("--rejection-burn-in") && message.contains("--sampling rejection"),
            "{message}"
        );
    }
}
