//! What was asked for: which measures, and whose conventions they follow.

use crate::{Choices, Convention, MEASURES, Measure, Need, Resize};

use super::args::NetworkArgs;
use super::names::{Asked, offered};
use super::words::Misuse;

/// What is measured where nobody says what.
pub(crate) const USUAL: &[&str] = &["fid", "kid", "is", "prdc"];
/// Likewise, where there are features only.
pub(crate) const USUAL_OF_FEATURES: &[&str] = &["fid", "kid", "prdc", "mind"];

/// What was asked for: each measure once, and whether it was asked for by name.
pub(crate) struct Wanted {
    pub(crate) measures: Vec<&'static Measure>,
    pub(crate) by_name: bool,
}

impl Wanted {
    /// `usual` is what an empty list stands for.
    pub(crate) fn new(asked: &[Asked], usual: &[&str]) -> Result<Self, Misuse> {
        let named: Vec<&'static Measure> = asked
            .iter()
            .filter_map(|asked| if let Asked::One(one) = asked { Some(*one) } else { None })
            .collect();
        if let Some(measure) = named.iter().find(|measure| measure.is_of_what_was_asked()) {
            return Err(Misuse(format!(
                "`{}` needs the class that was asked for of each generated image, and neither folders nor features say \
                 it; leave it out",
                measure.name
            )));
        }
        let those = |is: &dyn Fn(&Measure) -> bool| MEASURES.iter().copied().filter(|m| is(m)).collect();
        Ok(if asked.is_empty() {
            Self { measures: those(&|measure| usual.contains(&measure.name)), by_name: false }
        } else if asked.len() > named.len() {
            Self { measures: offered().collect(), by_name: false }
        } else {
            Self { measures: those(&|measure| named.contains(&measure)), by_name: true }
        })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.measures.iter().any(|measure| measure.name == name)
    }

    /// Whether one of the measures looks at that.
    pub(crate) fn needs(&self, need: Need) -> bool {
        self.measures.iter().any(|measure| measure.needs(need))
    }
}

/// A convention, with what the command line changes of it.
pub(crate) struct Rules {
    pub(crate) convention: Convention,
    pub(crate) choices: Choices,
    pub(crate) resize: Resize,
}

impl Rules {
    /// The command line lets known names through only.
    pub(crate) fn new(args: &NetworkArgs) -> Self {
        let (convention, resize) = (args.convention.as_str(), args.resize.as_deref());
        let convention = Convention::ALL.iter().copied().find(|c| c.name() == convention).unwrap_or_default();
        let choices = convention.choices();
        let named = |name: &str| Resize::ALL.iter().copied().find(|r| r.name() == name);
        let resize = resize.and_then(named).unwrap_or_else(|| choices.resize_for(&args.extractor));
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
    use super::super::names::measure_parser;
    use super::*;
    use clap::builder::TypedValueParser;

    fn asked(names: &[&str]) -> Vec<Asked> {
        let command = clap::Command::new("test");
        let parse = |name: &&str| measure_parser().parse_ref(&command, None, name.as_ref()).unwrap();
        names.iter().map(parse).collect()
    }

    fn names(asked: &[Asked]) -> (Vec<&'static str>, bool) {
        let wanted = Wanted::new(asked, USUAL).unwrap();
        (wanted.measures.iter().map(|measure| measure.name).collect(), wanted.by_name)
    }

    #[test]
    fn measures_come_once_and_in_one_order() {
        let named = names(&asked(&["prdc", "fid", "prdc", "precision-recall", "density-coverage"]));
        assert_eq!(named, (vec!["fid", "prdc", "density-coverage", "pr"], true));
        assert_eq!(names(&[]), (USUAL.to_vec(), false));
    }

    #[test]
    fn all_are_those_that_two_folders_can_have() {
        let every = "fid fid-infinity sfid kid is modes prdc pr clipped pp-pr symmetric-pr cover-pr alpha-beta realism \
                     rarity mind asw kid-rbf cmmd memorisation authenticity fld copying vendi rke class-fid cas ndb fwd birthday \
                     ms-ssim swd";
        assert_eq!(names(&asked(&["is", "all"])), (every.split(' ').collect(), false));
        let refused = Wanted::new(&asked(&["class-agreement"]), USUAL).err().unwrap();
        assert!(refused.to_string().contains("`class-agreement` needs the class"), "{refused}");
    }
}
