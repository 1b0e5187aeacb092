//! The doctor beside a run: what it reads, and what is written down of it.
//!
//! Nothing here is part of the run's state. What the doctor knows is a function of `log.jsonl`, `metrics.jsonl` and
//! `monitor.jsonl` up to a step, so that a resume plays these to it again, and goes on to the bytes that an uninterrupted
//! run writes.

use std::sync::Arc;

use ganymede_datasets::Dataset;
use ganymede_tensor::Device;

use super::game::Game;
use super::vitals::Vitals;
use crate::config::Run;
use crate::error::TrainError;
use crate::folder::RunFolder;
use crate::jsonl::JsonLines;
use crate::monitor::{
    Alert, AlertState, DIVERGENCE, Doctor, Evidence, Series, Severity, remedies, worst_first,
};
use crate::outcome::Outcome;
use crate::record::{LogEntry, MetricEntry};
use crate::verdict::Watched;

/// What watches a run.
pub(super) struct Monitor {
    run: Run,
    active: Option<Active>,
    alerts: JsonLines<Alert>,
    /// That of a run that has diverged.
    diverged: Option<Alert>,
}

struct Active {
    vitals: Vitals,
    doctor: Doctor,
    series: Series,
    entries: JsonLines<LogEntry>,
}

/// What the files of a run say up to a step.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) step: u64,
    pub(super) history: &'a [LogEntry],
    pub(super) measured: &'a [MetricEntry],
}

impl Monitor {
    /// Of a run at its beginning or where it goes on.
    pub(super) fn open(
        run: &Run,
        game: &Game,
        dataset: &Arc<dyn Dataset>,
        device: &Device,
        folder: &RunFolder,
        seen: Seen<'_>,
    ) -> Result<Self, TrainError> {
        let active = match run.monitor {
            None => None,
            Some(config) => {
                // A run that was begun without has none.
                let (entries, looks) = JsonLines::<LogEntry>::open(&folder.monitor(), seen.step, false)?;
                let vitals = Vitals::new(run, config, game, dataset, device)?;
                let mut active =
                    Active { vitals, doctor: Doctor::new(Some(run)), series: Series::default(), entries };
                active.replay(seen, &looks, config.every);
                Some(active)
            }
        };
        let alerts = JsonLines::open_several(&folder.alerts(), seen.step)?;
        Ok(Self { run: run.clone(), active, alerts, diverged: None })
    }

    /// Before a step is made.
    pub(super) fn before(&mut self, game: &mut Game, next: u64) -> Result<(), TrainError> {
        match self.active.as_mut().filter(|active| active.vitals.is_due(next)) {
            Some(active) => active.vitals.before(game),
            None => Ok(()),
        }
    }

    /// After a step that is logged.
    pub(super) fn logged(&mut self, entry: &LogEntry) {
        self.active.iter_mut().for_each(|active| active.series.log(entry));
    }

    /// After a measurement.
    pub(super) fn measured(&mut self, entry: &MetricEntry) {
        self.active.iter_mut().for_each(|active| active.series.metric(entry));
    }

    /// After a step: what has changed, if it is time for a look.
    pub(super) fn look(&mut self, game: &mut Game) -> Result<Vec<Alert>, TrainError> {
        let Some(active) = &mut self.active else { return Ok(Vec::new()) };
        if !active.vitals.is_due(game.step()) {
            return Ok(Vec::new());
        }
        let thorough = active.vitals.is_thorough(game.step());
        let entry = active.vitals.look(game, thorough)?;
        active.entries.append(&entry)?;
        active.series.log(&entry);
        let alerts = active.doctor.look(game.step(), &active.series);
        alerts.iter().try_for_each(|alert| self.alerts.append(alert))?;
        Ok(alerts)
    }

    /// When a run ends: what is to be said of one that has diverged.
    pub(super) fn ended(&mut self, outcome: &Outcome) -> Result<Option<Alert>, TrainError> {
        let Outcome::Diverged { step, cause, origin } = outcome else { return Ok(None) };
        let came = origin.as_ref().map(|origin| format!("; it began {}", origin.words)).unwrap_or_default();
        let alert = Alert {
            step: *step,
            symptom: DIVERGENCE.name.to_owned(),
            state: AlertState::Raised,
            severity: Severity::Severe,
            evidence: Evidence {
                form: Some("not finite".to_owned()),
                window: (origin.as_ref().map_or(*step, |origin| origin.step.min(*step)), *step),
                values: Default::default(),
            },
            words: format!("{cause} was not a finite number{came} ({})", DIVERGENCE.paper),
            remedies: remedies(&DIVERGENCE, Some(&self.run)),
        };
        self.alerts.append(&alert)?;
        self.diverged = Some(alert.clone());
        Ok(Some(alert))
    }

    /// What is raised, the worst first.
    pub(super) fn raised(&self) -> Vec<Alert> {
        let mut raised: Vec<Alert> = self.active.iter().flat_map(|active| active.doctor.raised()).collect();
        if let Some(diverged) = &self.diverged {
            raised.retain(|alert| alert.symptom != diverged.symptom);
            raised.push(diverged.clone());
        }
        worst_first(&mut raised);
        raised
    }

    /// What a verdict asks of it.
    pub(super) fn watched(&self) -> Watched {
        let last = |name: &str| {
            let active = self.active.as_ref()?;
            active.series.get(name).last().map(|(_, value)| *value)
        };
        Watched { alerts: self.raised(), diversity: last("diversity"), modes_reached: last("modes_reached") }
    }

    /// Waits until everything is on the disk.
    pub(super) fn sync(&self) -> Result<(), TrainError> {
        self.active.iter().try_for_each(|active| active.entries.sync())?;
        self.alerts.sync()
    }
}

impl Active {
    /// Plays what the files say to the doctor, in the order in which it was written: at each look a step has been logged, and
    /// is not measured yet.
    fn replay(&mut self, seen: Seen<'_>, looks: &[LogEntry], every: u64) {
        let (mut history, mut measured) = (seen.history.iter().peekable(), seen.measured.iter().peekable());
        for look in looks.iter().filter(|look| look.step.is_multiple_of(every)) {
            while let Some(entry) = history.next_if(|entry| entry.step <= look.step) {
                self.series.log(entry);
            }
            while let Some(entry) = measured.next_if(|entry| entry.step < look.step) {
                self.series.metric(entry);
            }
            self.series.log(look);
            self.doctor.look(look.step, &self.series);
        }
        history.for_each(|entry| self.series.log(entry));
        measured.for_each(|entry| self.series.metric(entry));
    }
}
