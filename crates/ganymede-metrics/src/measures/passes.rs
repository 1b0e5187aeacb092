//! Passes over all pairs of samples that several measures share.

use std::cell::RefCell;
use std::rc::Rc;

use super::comparison::Comparison;
use super::measure::Measure;
use crate::Result;
use crate::neighbours::{Look, Seen};

/// What measures look at in the passes over all pairs of samples: one within either set, and one between the two. Those
/// who take several measures make one of these for all of them, so that each pass is made once; a measure that was
/// not foreseen makes its own.
#[derive(Debug, Default)]
pub struct Passes {
    foreseen: Vec<&'static Measure>,
    seen: RefCell<Option<Rc<Seen>>>,
}

impl Passes {
    /// For one comparison of two sets, of which these measures are going to be taken.
    pub fn new(foreseen: &[&'static Measure]) -> Self {
        Self { foreseen: foreseen.to_vec(), seen: RefCell::new(None) }
    }

    /// What is to be seen of `looks`, and of those of all measures that were foreseen and can be taken.
    pub(super) fn look(&self, of: &Comparison<'_>, looks: &[Look]) -> Result<Rc<Seen>> {
        if let Some(seen) = &*self.seen.borrow()
            && seen.has(looks)
        {
            return Ok(Rc::clone(seen));
        }
        let mut all = looks.to_vec();
        for measure in self.foreseen.iter().filter(|measure| measure.can_look_at(of)) {
            for look in (measure.looks)(of.choices) {
                if !all.contains(&look) {
                    all.push(look);
                }
            }
        }
        let seen = Rc::new(of.see(&all)?);
        *self.seen.borrow_mut() = Some(Rc::clone(&seen));
        Ok(seen)
    }
}
