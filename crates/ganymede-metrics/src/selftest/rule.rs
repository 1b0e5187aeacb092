//! What a curve of scores has to look like.

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// Otherwise.
    Fail,
    /// As it should be for a measure of diversity that punishes samples outside.
    Low,
    /// As it should be for a measure of diversity that does not.
    High,
}

impl Verdict {
    fn of(is_right: bool) -> Self {
        if is_right { Self::Pass } else { Self::Fail }
    }

    /// That of several criteria: they pass together, and a measure is either low or high.
    pub(super) fn together(all: &[Self]) -> Self {
        let has = |verdict| all.contains(&verdict);
        match (has(Self::Fail), has(Self::Low), has(Self::High)) {
            (true, _, _) | (_, true, true) => Self::Fail,
            (_, true, false) => Self::Low,
            (_, false, true) => Self::High,
            (_, false, false) => Self::Pass,
        }
    }
}

/// A point of a curve.
#[derive(Clone, Copy, Debug)]
pub(super) enum At {
    Least,
    Most,
    Here(f64),
}

/// A demand on a curve. Thresholds are the paper's: a difference has to be 0.2 to be one, 0.1 is none beside it, 0.05 is
/// none by itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// The value at a point.
    Is(At, f64),
    /// At the point 1 (a high measure) or 0 (a low one).
    Wide(At),
    /// High in the middle, low at both ends.
    Bell(f64),
    /// From low to high.
    Rises,
    /// From high to low.
    Falls,
    /// From high to low, and lower by 0.1 already at this share of the way.
    FallsBy(f64),
    /// The same everywhere.
    Flat,
    /// The same from the middle on.
    Settles,
    /// A bell around here (a low measure), or rising (a high one).
    BellOrRises(f64),
    /// Falling (a low measure), or flat (a high one).
    FallsOrFlat,
}

const DIFFERENCE: f64 = 0.2;
const BESIDE: f64 = 0.1;
const NONE: f64 = 0.05;

/// Scores over a setting, in its order.
pub(super) struct Curve<'a> {
    pub(super) x: &'a [f64],
    pub(super) y: &'a [f64],
}

impl Curve<'_> {
    pub(super) fn judge(&self, rule: Rule) -> Verdict {
        match rule {
            Rule::Is(at, value) => Verdict::of((self.at(at) - value).abs() <= NONE),
            Rule::Wide(at) if (self.at(at) - 1.0).abs() <= NONE => Verdict::High,
            Rule::Wide(at) if self.at(at).abs() <= NONE => Verdict::Low,
            Rule::Wide(_) => Verdict::Fail,
            Rule::Bell(middle) => Verdict::of(self.is_bell(middle)),
            Rule::Rises => Verdict::of(self.rises(1.0)),
            Rule::Falls => Verdict::of(self.rises(-1.0)),
            Rule::FallsBy(share) => {
                let way = share * (self.x.len() - 1) as f64;
                let there = self.y[way.round_ties_even() as usize];
                Verdict::of(self.rises(-1.0) && self.y[0] - there >= BESIDE)
            }
            Rule::Flat => Verdict::of(spread(self.y) <= NONE),
            Rule::Settles => {
                let last = self.x.len() - 1;
                let middle = (self.x[last / 2] + self.x[last.div_ceil(2)]) / 2.0;
                let from = self.x.partition_point(|x| *x < middle);
                Verdict::of(spread(&self.y[from..]) <= NONE)
            }
            Rule::BellOrRises(middle) => low_or_high(self.is_bell(middle), self.rises(1.0)),
            Rule::FallsOrFlat => low_or_high(self.rises(-1.0), spread(self.y) <= NONE),
        }
    }

    fn at(&self, at: At) -> f64 {
        let found = match at {
            At::Least => Some(0),
            At::Most => Some(self.x.len() - 1),
            At::Here(x) => self.x.iter().position(|there| (there - x).abs() < 1e-9),
        };
        self.y[found.expect("the setting has this value")]
    }

    fn is_bell(&self, middle: f64) -> bool {
        let (left, middle, right) = (self.at(At::Least), self.at(At::Here(middle)), self.at(At::Most));
        let (least, most) = ends(self.y);
        middle - left.max(right) >= DIFFERENCE && most - middle <= BESIDE && left.min(right) - least <= BESIDE
    }

    /// Rises, or with −1 falls.
    fn rises(&self, sign: f64) -> bool {
        let signed: Vec<f64> = self.y.iter().map(|y| sign * y).collect();
        let (first, last) = (signed[0], signed[signed.len() - 1]);
        let (least, most) = ends(&signed);
        last - first >= DIFFERENCE && first - least <= BESIDE && most - last <= BESIDE
    }
}

fn low_or_high(is_low: bool, is_high: bool) -> Verdict {
    match (is_low, is_high) {
        (true, _) => Verdict::Low,
        (false, true) => Verdict::High,
        (false, false) => Verdict::Fail,
    }
}

fn ends(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), y| (a.min(*y), b.max(*y)))
}

fn spread(values: &[f64]) -> f64 {
    let (least, most) = ends(values);
    most - least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_told_apart() {
        let x: Vec<f64> = (-4..=4).map(f64::from).collect();
        let judge = |y: &dyn Fn(f64) -> f64, rule| {
            let y: Vec<f64> = x.iter().map(|x| y(*x)).collect();
            Curve { x: &x, y: &y }.judge(rule)
        };
        let bell = |x: f64| (-x * x / 2.0).exp();
        let ramp = |x: f64| (x + 4.0) / 8.0;
        for (found, wanted) in [
            (judge(&bell, Rule::Bell(0.0)), Verdict::Pass),
            (judge(&bell, Rule::Bell(1.0)), Verdict::Fail),
            (judge(&bell, Rule::Is(At::Here(0.0), 1.0)), Verdict::Pass),
            (judge(&bell, Rule::Wide(At::Most)), Verdict::Low),
            (judge(&bell, Rule::BellOrRises(0.0)), Verdict::Low),
            (judge(&ramp, Rule::BellOrRises(0.0)), Verdict::High),
            (judge(&ramp, Rule::Rises), Verdict::Pass),
            (judge(&ramp, Rule::Falls), Verdict::Fail),
            (judge(&|x| 1.0 - ramp(x), Rule::FallsBy(0.5)), Verdict::Pass),
            (judge(&|x| f64::from(x < 4.0), Rule::FallsBy(0.5)), Verdict::Fail),
            (judge(&|_| 0.7, Rule::Flat), Verdict::Pass),
            (judge(&|x| x.min(0.0), Rule::Settles), Verdict::Pass),
            (judge(&ramp, Rule::Settles), Verdict::Fail),
            (judge(&|_| 0.7, Rule::FallsOrFlat), Verdict::High),
            (judge(&|_| 0.5, Rule::Wide(At::Least)), Verdict::Fail),
        ] {
            assert_eq!(found, wanted);
        }
        assert_eq!(Verdict::together(&[Verdict::Pass, Verdict::Low]), Verdict::Low);
        assert_eq!(Verdict::together(&[Verdict::High, Verdict::Low]), Verdict::Fail);
    }
}
