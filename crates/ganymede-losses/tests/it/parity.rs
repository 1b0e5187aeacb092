//! What the functions of one value a sample have in common when they are held against PyTorch's numbers.

use std::collections::BTreeMap;

use ganymede_losses::LossError;
use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{DType, Graph, Tensor, grad, watch};

use crate::support::values;

/// A fixture whose entries are `KEY/NAME` for inputs, `KEY/f32/value` and `KEY/f32/grad_NAME`, and likewise in f64.
pub(crate) struct Parity {
    pub(crate) fixture: BTreeMap<String, Tensor>,
}

impl Parity {
    pub(crate) fn open(name: &str) -> Self {
        Self { fixture: crate::support::fixture(name) }
    }

    /// Holds value and gradients of `function` of the inputs `names` against those of the fixture: to 1e-5 in f32 and
    /// 1e-7 in f64, of the largest of the numbers expected, or of 1.
    pub(crate) fn check(
        &self,
        key: &str,
        names: &[&str],
        function: impl Fn(&[Tensor]) -> Result<Tensor, LossError>,
    ) {
        for (dtype, suffix, rel) in [(DType::F32, "f32", 1e-5), (DType::F64, "f64", 1e-7)] {
            println!("{key} {suffix}");
            let input = |name: &str| self.fixture[&format!("{key}/{name}")].to_dtype(dtype).unwrap();
            let inputs: Vec<Tensor> = names.iter().map(|name| watch(&input(name)).unwrap()).collect();
            let value = function(&inputs).unwrap();
            assert_eq!(value.dtype(), dtype);
            self.close(&value, &format!("{key}/{suffix}/value"), rel);
            let weighted = match self.fixture.get(&format!("{key}/weights")) {
                Some(weights) => value.mul(&weights.to_dtype(dtype).unwrap()).unwrap(),
                None => value,
            };
            let asked: Vec<&Tensor> = inputs.iter().collect();
            let slopes = grad(&weighted, &asked, Graph::Discard).unwrap();
            for (name, slope) in names.iter().zip(slopes) {
                self.close(&slope, &format!("{key}/{suffix}/grad_{name}"), rel);
            }
        }
    }

    /// Holds `found` against an entry. In f32 the entry of f64 is the judge, whose inputs are the same numbers: where an
    /// operation amplifies rounding, twice as far away as PyTorch's f32 is near enough.
    pub(crate) fn close(&self, found: &Tensor, entry: &str, rel: f64) {
        let expected = &self.fixture[entry];
        let truth = self.fixture.get(&entry.replace("/f32/", "/f64/")).unwrap_or(expected);
        let pairs = values(expected).into_iter().zip(values(truth));
        let lost = pairs.fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
        let largest = values(truth).into_iter().fold(1.0, |m: f64, v| m.max(v.abs()));
        assert_close(
            &found.to_dtype(DType::F64).unwrap(),
            &truth.to_dtype(DType::F64).unwrap(),
            Tol { rel, abs: (rel * largest).max(2.0 * lost) },
        );
    }
}
