//! How long gradients are, layer by layer.

use ganymede_tensor::{DType, Params, Result, Tensor};

use super::Named;

/// The norms of a player's gradient.
pub(super) struct Norms {
    /// Of all parameters together.
    pub(super) whole: f64,
    /// Of each layer's weight, in the order in which signals pass, with its name.
    layers: Vec<(String, f64)>,
}

impl Norms {
    /// Of the gradients of all parameters. Layers are weights of two axes or more that are no tables; those of which the
    /// gradient is exactly 0 take no part in what a player does, as those of stages to come.
    pub(super) fn of(params: &Params, gradients: &[Tensor]) -> Result<Self> {
        let squares = gradients.iter().map(|gradient| gradient.sqr()?.sum_all()?.to_dtype(DType::F32));
        let squares = squares.collect::<Result<Vec<_>>>()?;
        if squares.is_empty() {
            return Ok(Self { whole: 0.0, layers: Vec::new() });
        }
        // All of them in one transfer.
        let squares = Tensor::stack(&squares, 0)?.to_vec1::<f32>()?;
        let params = params.params();
        let is_layer = |at: usize| params[at].var().rank() > 1 && !params[at].is_table();
        let norm = |(at, square): (usize, &f32)| (params[at].name().to_owned(), f64::from(*square).sqrt());
        let layers =
            squares.iter().enumerate().filter(|(at, square)| is_layer(*at) && **square != 0.0).map(norm);
        let whole = squares.iter().map(|square| f64::from(*square)).sum::<f64>().sqrt();
        Ok(Self { whole, layers: layers.collect() })
    }

    /// `grad_least`, `grad_greatest`, and `grad_first_last`, the first layer's in parts of the last one's, of the player whose
    /// names end in `end`. The extremes are there once more with the name of their layer behind an `@`.
    pub(super) fn numbers(&self, end: &str) -> Named {
        let by_norm = |a: &&(String, f64), b: &&(String, f64)| a.1.total_cmp(&b.1);
        let (Some(first), Some(last)) = (self.layers.first(), self.layers.last()) else { return Vec::new() };
        let mut numbers = vec![(format!("grad_first_last_{end}"), first.1 / last.1)];
        let extremes = [
            ("grad_least", self.layers.iter().min_by(by_norm)),
            ("grad_greatest", self.layers.iter().max_by(by_norm)),
        ];
        for (name, extreme) in extremes {
            let Some((layer, norm)) = extreme else { continue };
            numbers.extend([(format!("{name}_{end}"), *norm), (format!("{name}_{end}@{layer}"), *norm)]);
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use ganymede_tensor::{Device, Init, Rng};

    use super::*;

    #[test]
    fn extremes_are_named() {
        let params = Params::new();
        let builder = params.builder(Rng::new(1), DType::F32, &Device::Cpu);
        for (name, dims) in [
            ("a.weight", vec![2, 2]),
            ("a.bias", vec![2]),
            ("b.weight", vec![1, 2]),
            ("c.weight", vec![2, 1]),
        ] {
            builder.param(name, dims, Init::Zeros).unwrap();
        }
        builder.tables().param("classes", (3, 1), Init::Zeros).unwrap();
        let gradient =
            |numbers: &[f32], dims: &[usize]| Tensor::from_slice(numbers, dims, &Device::Cpu).unwrap();
        let gradients = [
            gradient(&[1.0, 1.0, 1.0, 1.0], &[2, 2]),
            gradient(&[4.0, 0.0], &[2]),
            gradient(&[0.0, 8.0], &[1, 2]),
            gradient(&[0.0, 4.0], &[2, 1]),
            gradient(&[100.0, 0.0, 0.0], &[3, 1]),
        ];
        let norms = Norms::of(&params, &gradients).unwrap();
        assert_eq!(norms.whole, (4.0 + 16.0 + 64.0 + 16.0 + 10_000.0f64).sqrt());
        let numbers = norms.numbers("g");
        let wanted = [
            ("grad_first_last_g", 0.5),
            ("grad_least_g", 2.0),
            ("grad_least_g@a.weight", 2.0),
            ("grad_greatest_g", 8.0),
            ("grad_greatest_g@b.weight", 8.0),
        ];
        assert_eq!(numbers, wanted.map(|(name, value)| (name.to_owned(), value)));
        let still = gradients.map(|gradient| gradient.zeros_like().unwrap());
        let still = Norms::of(&params, &still).unwrap();
        assert!(still.whole == 0.0 && still.numbers("g").is_empty());
    }
}
