//! Looks at a history that grows, with a memory: a symptom is raised when several looks in a row show it, and cleared when
//! several do not.

use std::collections::VecDeque;

use super::alert::{Alert, AlertState, Severity, worst_first};
use super::remedy::remedies;
use super::series::Series;
use super::symptom::{Finding, Sight, Symptom};
use super::symptoms::SYMPTOMS;
use super::view::View;
use crate::config::Run;

/// Watches a history.
///
/// What it says is a function of the history and of the steps at which it looked, so that it is where it was when the same
/// looks are taken again.
#[derive(Debug)]
pub struct Doctor {
    run: Option<Run>,
    cases: Vec<Case>,
}

/// A symptom, and what was seen of it.
#[derive(Debug)]
struct Case {
    symptom: &'static Symptom,
    /// The severities that the last looks in a row showed.
    ill: VecDeque<Severity>,
    /// Looks in a row that showed none.
    well: usize,
    raised: Option<Alert>,
    /// Whether any look could see.
    seen: bool,
}

impl Doctor {
    /// Of a run of this program, whose remedies are settings of its configuration; or of any other.
    pub fn new(run: Option<&Run>) -> Self {
        let case = |symptom: &&'static Symptom| Case {
            symptom,
            ill: VecDeque::new(),
            well: 0,
            raised: None,
            seen: false,
        };
        Self { run: run.cloned(), cases: SYMPTOMS.iter().map(case).collect() }
    }

    /// Looks at everything up to `step`: what has changed.
    pub fn look(&mut self, step: u64, series: &Series) -> Vec<Alert> {
        let view = View::new(series, step);
        let run = self.run.as_ref();
        self.cases.iter_mut().filter_map(|case| case.look(&view, run)).collect()
    }

    /// The symptoms that are raised, the worst first.
    pub fn raised(&self) -> Vec<Alert> {
        let mut raised: Vec<Alert> = self.cases.iter().filter_map(|case| case.raised.clone()).collect();
        worst_first(&mut raised);
        raised
    }

    /// The symptoms that no look could see.
    pub fn unseen(&self) -> Vec<&'static Symptom> {
        self.cases.iter().filter(|case| !case.seen).map(|case| case.symptom).collect()
    }
}

impl Case {
    fn look(&mut self, view: &View<'_>, run: Option<&Run>) -> Option<Alert> {
        match (self.symptom.rule)(view) {
            // What cannot be seen changes nothing.
            Sight::CannotSee => None,
            Sight::Well => {
                self.seen = true;
                self.ill.clear();
                self.well += 1;
                if self.well < self.symptom.clear_after {
                    return None;
                }
                let raised = self.raised.take()?;
                Some(Alert { step: view.step, state: AlertState::Cleared, remedies: Vec::new(), ..raised })
            }
            Sight::Ill(finding) => {
                self.seen = true;
                self.well = 0;
                self.ill.push_back(finding.severity);
                let most = self.symptom.raise_after.max(self.symptom.clear_after);
                if self.ill.len() > most {
                    self.ill.pop_front();
                }
                let severity = self.severity()?;
                if self.raised.as_ref().is_some_and(|raised| raised.severity == severity) {
                    return None;
                }
                let alert = self.alert(view.step, severity, finding, run);
                self.raised = Some(alert.clone());
                Some(alert)
            }
        }
    }

    /// How bad it is by the last looks, where there are enough of them: as bad as all of the last `raise_after` showed at the
    /// least; once raised, no less than the worst of the last `clear_after`.
    fn severity(&self) -> Option<Severity> {
        let last = |n: usize| (self.ill.len() >= n).then(|| self.ill.iter().rev().take(n));
        let least = last(self.symptom.raise_after).and_then(|looks| looks.min()).copied();
        let Some(raised) = &self.raised else { return least };
        let most = last(self.symptom.clear_after).and_then(|looks| looks.max()).copied();
        let held = most.map_or(raised.severity, |most| raised.severity.min(most));
        Some(least.map_or(held, |least| held.max(least)))
    }

    fn alert(&self, step: u64, severity: Severity, finding: Finding, run: Option<&Run>) -> Alert {
        Alert {
            step,
            symptom: self.symptom.name.to_owned(),
            state: AlertState::Raised,
            severity,
            evidence: finding.evidence,
            words: format!("{} ({})", finding.words, self.symptom.paper),
            remedies: remedies(self.symptom, run),
        }
    }
}

/// What was found in a whole history.
#[derive(Debug)]
#[non_exhaustive]
pub struct Diagnosis {
    /// Everything that was raised and cleared, in order.
    pub alerts: Vec<Alert>,
    /// What is raised at the end, the worst first.
    pub raised: Vec<Alert>,
    /// Symptoms that could not be seen, and which series would show them.
    pub unseen: Vec<(&'static Symptom, String)>,
}

/// The most looks at a history.
const MOST_LOOKS: usize = 1000;

/// Plays a whole history to a [`Doctor`], with a look at each of its steps, or at a thousand of them.
pub fn diagnose(series: &Series) -> Diagnosis {
    let mut doctor = Doctor::new(None);
    let steps: Vec<u64> = series.by_step().into_keys().collect();
    let stride = steps.len().div_ceil(MOST_LOOKS).max(1);
    // The last step is among them.
    let looks = steps.iter().rev().step_by(stride).rev();
    let alerts = looks.flat_map(|step| doctor.look(*step, series)).collect();
    let lacks = |symptom: &'static Symptom| {
        let lists: Vec<String> = symptom.needs.iter().map(|all| all.join(" and ")).collect();
        (symptom, format!("it needs {}", lists.join(", or ")))
    };
    Diagnosis { alerts, raised: doctor.raised(), unseen: doctor.unseen().into_iter().map(lacks).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Finding;
    use crate::monitor::view::Tail;

    /// Ill where `x` is above 1, of a severity that grows with it.
    fn rule(view: &View<'_>) -> Sight {
        let Some(tail) = view.tail("x", 1) else { return Sight::CannotSee };
        let severity = match tail.values[0] {
            x if x <= 1.0 => return Sight::Well,
            x if x <= 2.0 => Severity::Note,
            x if x <= 3.0 => Severity::Warning,
            _ => Severity::Severe,
        };
        Finding::new(severity, "ill".to_owned(), &Tail { window: (1, 2), values: Vec::new() }, &[]).into()
    }

    static HIGH: Symptom = Symptom {
        name: "high",
        summary: "x is high",
        paper: "none",
        needs: &[&["x"]],
        rule,
        raise_after: 2,
        clear_after: 3,
        cures: &[],
    };

    fn alerts(values: &[f64]) -> Vec<(u64, AlertState, Severity)> {
        let case = Case { symptom: &HIGH, ill: VecDeque::new(), well: 0, raised: None, seen: false };
        let mut doctor = Doctor { run: None, cases: vec![case] };
        let mut series = Series::default();
        let mut all = Vec::new();
        for (step, value) in (1..).zip(values) {
            series.push("x", step, *value);
            all.extend(doctor.look(step, &series).into_iter().map(|a| (a.step, a.state, a.severity)));
        }
        all
    }

    #[test]
    fn it_takes_several_looks_to_raise_and_to_clear() {
        use AlertState::{Cleared, Raised};
        use Severity::{Note, Severe, Warning};
        assert_eq!(alerts(&[2.0, 0.0, 2.0, 0.0]), []);
        assert_eq!(alerts(&[2.0, 2.0, 0.0, 0.0, 2.0, 0.0, 0.0]), [(2, Raised, Note)]);
        assert_eq!(alerts(&[2.0, 2.0, 0.0, 0.0, 0.0, 0.0]), [(2, Raised, Note), (5, Cleared, Note)]);
        // As bad as all of the last two; milder only when all of the last three are.
        assert_eq!(alerts(&[3.0, 9.0, 9.0]), [(2, Raised, Warning), (3, Raised, Severe)]);
        assert_eq!(alerts(&[9.0, 9.0, 2.0, 3.0, 2.0]), [(2, Raised, Severe), (5, Raised, Warning)]);
    }

    #[test]
    fn the_same_looks_say_the_same_again() {
        let values: Vec<f64> = (0..50).map(|i| f64::from(i * 7 % 5)).collect();
        assert_eq!(alerts(&values), alerts(&values));
    }
}
