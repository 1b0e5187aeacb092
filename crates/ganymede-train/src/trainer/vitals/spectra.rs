//! The largest singular values of weights.

use ganymede_tensor::{DType, Device, Params, Result, Rng, Tensor};

use super::Named;

/// Singular values that are told of each layer (BigGAN: Brock et al., 2019, arXiv:1809.11096, section 4.1, looks at three).
const TOLD: usize = 3;
/// Vectors that are iterated: two more make those that are told come sooner.
const VECTORS: usize = TOLD + 2;
/// Rounds, each of a product with the weight and one with its transpose.
const ROUNDS: usize = 12;
/// A layer has collapsed where its third singular value is less than this part of the first.
const COLLAPSED: f64 = 0.1;
/// Smaller layers have few directions by their shape.
const SIDE: usize = 8;

/// Numbers of a player's layers, whose names end in `end`: `sigma_0`, `sigma_1` and `sigma_2` of each, with its name behind an
/// `@`, and `collapsed`, the share of the layers of at least eight rows and columns whose third singular value is less than a
/// tenth of the first.
///
/// Spectra of a discriminator collapse where its generator does (Liu et al., ICCV 2019, arXiv:1908.10999, section 3: σ_i/σ_1 of
/// many of its singular values falls; the share and both bounds are ours).
pub(super) fn numbers(params: &Params, end: &str, rng: &mut Rng) -> Result<Named> {
    let (mut numbers, mut collapsed, mut judged) = (Vec::new(), 0, 0);
    for param in params.params().iter().filter(|param| param.var().rank() > 1 && !param.is_table()) {
        let matrix = param.var().as_detached_tensor().flatten_from(1)?;
        let values = largest(&matrix, rng)?;
        if matrix.dims().iter().all(|side| *side >= SIDE) {
            judged += 1;
            collapsed += usize::from(values[TOLD - 1] < COLLAPSED * values[0]);
        }
        let told = values.iter().take(TOLD).enumerate();
        numbers.extend(told.map(|(i, value)| (format!("sigma_{i}_{end}@{}", param.name()), *value)));
    }
    if judged > 0 {
        numbers.push((format!("collapsed_{end}"), collapsed as f64 / judged as f64));
    }
    Ok(numbers)
}

/// The largest singular values of a matrix, in falling order, by orthogonal iteration: V ← orth(Wᵀ orth(W V)), and those of
/// W V in the end.
fn largest(matrix: &Tensor, rng: &mut Rng) -> Result<Vec<f64>> {
    let (rows, columns) = matrix.dims2()?;
    let n = VECTORS.min(rows).min(columns);
    let device = matrix.device();
    let matrix = matrix.to_dtype(DType::F32)?.contiguous()?;
    let transposed = matrix.t()?;
    let mut right = rng.normal((columns, n), DType::F32, device)?;
    for _ in 0..ROUNDS {
        let left = orthonormal(&matrix.matmul(&right)?, device)?;
        right = orthonormal(&transposed.matmul(&left)?, device)?;
    }
    Ok(lengths(vectors(&matrix.matmul(&right)?)?))
}

/// The columns, each a vector.
fn vectors(matrix: &Tensor) -> Result<Vec<Vec<f64>>> {
    matrix.t()?.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_vec2::<f64>()
}

/// Columns of length 1 that are orthogonal to one another and span the same; 0 where there are not so many directions.
fn orthonormal(matrix: &Tensor, device: &Device) -> Result<Tensor> {
    let mut done: Vec<Vec<f64>> = Vec::new();
    for mut vector in vectors(matrix)? {
        let before = dot(&vector, &vector).sqrt();
        // Twice is enough: what rounding leaves of the others goes with the second time.
        for _ in 0..2 {
            for other in &done {
                let along = dot(&vector, other);
                vector.iter_mut().zip(other).for_each(|(x, o)| *x -= along * o);
            }
        }
        let length = dot(&vector, &vector).sqrt();
        let scale = if length > 1e-7 * before { 1.0 / length } else { 0.0 };
        vector.iter_mut().for_each(|x| *x *= scale);
        done.push(vector);
    }
    let (n, dim) = (done.len(), done.first().map_or(0, Vec::len));
    let flat: Vec<f32> = done.into_iter().flatten().map(|x| x as f32).collect();
    Tensor::from_vec(flat, (n, dim), device)?.t()?.contiguous()
}

/// The singular values of a matrix of a few columns, in falling order: Jacobi's rotations make the columns orthogonal
/// (Hestenes, 1958), and their lengths are what is asked for.
fn lengths(mut columns: Vec<Vec<f64>>) -> Vec<f64> {
    for _ in 0..30 {
        let mut turned = false;
        for p in 0..columns.len() {
            for q in p + 1..columns.len() {
                let (a, b) = (dot(&columns[p], &columns[p]), dot(&columns[q], &columns[q]));
                let c = dot(&columns[p], &columns[q]);
                if c.abs() <= 1e-12 * (a * b).sqrt() {
                    continue;
                }
                turned = true;
                let zeta = (b - a) / (2.0 * c);
                let t = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let cos = 1.0 / t.hypot(1.0);
                let sin = cos * t;
                for i in 0..columns[p].len() {
                    let (x, y) = (columns[p][i], columns[q][i]);
                    (columns[p][i], columns[q][i]) = (cos * x - sin * y, sin * x + cos * y);
                }
            }
        }
        if !turned {
            break;
        }
    }
    let mut lengths: Vec<f64> = columns.iter().map(|column| dot(column, column).sqrt()).collect();
    lengths.sort_by(|a, b| b.total_cmp(a));
    lengths
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use ganymede_tensor::Init;

    use super::*;

    fn assert_near(got: f64, want: f64, tolerance: f64) {
        assert!((got - want).abs() <= tolerance, "got {got}, want {want} ± {tolerance}");
    }

    /// A matrix with the given singular values: D times reflections I − 2hhᵀ on both sides.
    fn matrix(rows: usize, columns: usize, values: &[f64]) -> Tensor {
        let unit = |n: usize, seed: u64| {
            let raw = Rng::new(seed).normal((n, 1), DType::F64, &Device::Cpu).unwrap();
            raw.broadcast_div(&raw.sqr().unwrap().sum_all().unwrap().sqrt().unwrap()).unwrap()
        };
        let reflection = |n: usize, seed: u64| {
            let h = unit(n, seed);
            (Tensor::eye(n, DType::F64, &Device::Cpu).unwrap()
                - (h.matmul(&h.t().unwrap()).unwrap() * 2.0).unwrap())
            .unwrap()
        };
        let mut middle = vec![0.0; rows * columns];
        values.iter().enumerate().for_each(|(i, value)| middle[i * columns + i] = *value);
        let middle = Tensor::from_vec(middle, (rows, columns), &Device::Cpu).unwrap();
        reflection(rows, 1).matmul(&middle).unwrap().matmul(&reflection(columns, 2)).unwrap()
    }

    #[test]
    fn the_largest_singular_values_are_found() {
        for (rows, columns, values, tolerance) in [
            (40, 30, &[9.0, 5.0, 4.0, 0.5, 0.4, 0.3, 0.2][..], 1e-4),
            (7, 300, &[3.0, 3.0, 3.0, 1.0, 1.0, 1.0, 1.0], 1e-4),
            (30, 30, &[2.0, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4, 1.3], 0.01),
            (2, 5, &[4.0, 1.0], 1e-4),
            (6, 1, &[0.25], 1e-6),
            (12, 9, &[5.0, 0.0], 1e-4),
        ] {
            let found = largest(&matrix(rows, columns, values), &mut Rng::new(3)).unwrap();
            assert_eq!(found.len(), VECTORS.min(rows).min(columns));
            for (got, want) in found.iter().zip(values.iter().chain(&[0.0; VECTORS])).take(TOLD) {
                assert_near(*got, *want, tolerance);
            }
        }
    }

    #[test]
    fn layers_are_told_and_those_that_have_collapsed_are_counted() {
        let params = Params::new();
        let builder = params.builder(Rng::new(1), DType::F32, &Device::Cpu);
        for (name, rows, columns, values) in [
            ("whole", 10, 12, &[2.0, 1.0, 1.0][..]),
            ("thin", 10, 12, &[2.0, 1.0, 0.01]),
            ("small", 2, 12, &[2.0, 0.01]),
        ] {
            let param = builder.param(name, (rows, columns), Init::Zeros).unwrap();
            param.set(&matrix(rows, columns, values).to_dtype(DType::F32).unwrap()).unwrap();
        }
        builder.param("bias", 3, Init::Ones).unwrap();
        let numbers = numbers(&params, "d", &mut Rng::new(2)).unwrap();
        let value = |name: &str| numbers.iter().find(|(known, _)| known == name).unwrap().1;
        assert_eq!(numbers.len(), 3 + 3 + 2 + 1);
        assert_near(value("sigma_0_d@thin"), 2.0, 1e-4);
        assert_near(value("sigma_2_d@thin"), 0.01, 1e-4);
        assert_near(value("sigma_1_d@small"), 0.01, 1e-4);
        assert_eq!(value("collapsed_d"), 0.5);
    }
}
