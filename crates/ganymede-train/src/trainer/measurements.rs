//! Numbers of one step by name, left on the device until somebody asks.

use std::collections::BTreeMap;

use ganymede_tensor::{DType, Result, Tensor};

/// Scalars by name, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measurements {
    values: Vec<(String, Tensor)>,
}

impl Measurements {
    /// Adds a scalar; what is known of its graph is forgotten.
    pub(crate) fn add(&mut self, name: impl Into<String>, value: &Tensor) {
        self.values.push((name.into(), value.detach()));
    }

    /// Adds to the value of that name, or adds it.
    pub(crate) fn sum(&mut self, name: &str, value: &Tensor) -> Result<()> {
        match self.values.iter_mut().find(|(known, _)| known == name) {
            Some((_, there)) => *there = (&*there + value.detach())?,
            None => self.add(name, value),
        }
        Ok(())
    }

    /// The mean of each value over several passes that gave values of the same names.
    pub(crate) fn mean(all: &[Self]) -> Result<Self> {
        let Some(first) = all.first().filter(|_| all.len() > 1) else {
            return Ok(all.first().cloned().unwrap_or_default());
        };
        let mut mean = Self::default();
        for (i, (name, _)) in first.values.iter().enumerate() {
            let values: Vec<&Tensor> = all.iter().map(|one| &one.values[i].1).collect();
            mean.add(name.clone(), &Tensor::stack(&values, 0)?.mean(0)?);
        }
        Ok(mean)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub(crate) fn append(&mut self, mut more: Self) {
        self.values.append(&mut more.values);
    }

    /// Reads everything back, in one transfer.
    pub(crate) fn read(&self) -> Result<BTreeMap<String, f64>> {
        if self.values.is_empty() {
            return Ok(BTreeMap::new());
        }
        let scalars: Vec<Tensor> =
            self.values.iter().map(|(_, value)| value.to_dtype(DType::F32)).collect::<Result<_>>()?;
        let numbers = Tensor::stack(&scalars, 0)?.to_vec1::<f32>()?;
        let names = self.values.iter().map(|(name, _)| name.clone());
        Ok(names.zip(numbers.into_iter().map(f64::from)).collect())
    }
}

/// The Euclidean norm of all gradients as one vector.
pub(crate) fn global_norm(grads: &[Tensor]) -> Result<Tensor> {
    let squares = grads.iter().map(|g| g.sqr()?.sum_all()).collect::<Result<Vec<_>>>()?;
    Tensor::stack(&squares, 0)?.sum_all()?.sqrt()
}
