//! Every network in f64: what it gives and its derivatives of both orders, of the network as a whole.
//!
//! A derivative is checked along one direction in which all parameters and the input move at once, by a central
//! difference: two passes, however many numbers there are. Where the derivative in one tensor were wrong or lacked, that
//! tensor's part of the slope would be, too; so each tensor moves by so much that its part counts as much as any other's.
//!
//! Most networks have kinks, at which derivatives leap. A difference that steps over one is off, and at a step of 1e-6 a
//! network of 20,000 units has stepped over some: so steps are as short as the rounding of an f64 lets them be, and of
//! several one has to agree. A wrong derivative agrees with none.

use ganymede_tensor::watch;

use super::*;

/// Samples of a batch: enough for statistics.
const N: usize = 3;
/// How far slope and difference may lie apart, relative to the larger one.
const TOLERANCE: f64 = 1e-5;
/// Beside numbers of about 1.
const STEPS: [f64; 4] = [1e-8, 1e-7, 1e-9, 1e-6];
/// How much further a tensor moves, at most, whose gradient is small.
const MOST_SHARE: f64 = 10.0;

/// Passes that bring spectral vectors to random weights.
const PASSES: usize = 3;
/// The smallest gradient that is made to count as much as the largest one.
const LEAST_SCALE: f64 = 1e-4;

/// A network as a function of its parameters and its input, in this order.
struct Subject<'a> {
    params: &'a Params,
    forward: &'a dyn Fn(&Tensor) -> Result<Tensor>,
}

impl Subject<'_> {
    /// Parameters and input that gradients can be asked in.
    fn watched(&self, point: &[Tensor]) -> Result<Vec<Tensor>> {
        point.iter().map(watch).collect()
    }

    /// The first order: the output times fixed random numbers.
    fn value(&self, point: &[Tensor]) -> Result<Tensor> {
        let _bound = self.params.bind(&point[..point.len() - 1])?;
        let output = (self.forward)(&point[point.len() - 1])?;
        let weights = Rng::stream(3, "weights").uniform(0.5, 1.5, output.shape(), DType::F64, &device())?;
        output.mul(&weights)?.sum_all()
    }

    /// The second order: the squared norms of the gradients in each tensor, divided by `scales`.
    fn norms(&self, point: &[Tensor], scales: &[f64]) -> Result<Tensor> {
        let gradients = grad(&self.value(point)?, &point.iter().collect::<Vec<_>>(), Graph::Create)?;
        let parts = gradients.iter().zip(scales).map(|(g, scale)| g.sqr()?.sum_all()? / (scale * scale));
        parts.reduce(|a, b| a? + b?).expect("a network has parameters")
    }
}

fn norm(t: &Tensor) -> Result<f64> {
    t.sqr()?.sum_all()?.to_scalar::<f64>().map(f64::sqrt)
}

/// The slope of `f` at a point against differences, along one direction.
fn check_slope(
    point: &[Tensor],
    watched: &[Tensor],
    f: &dyn Fn(&[Tensor]) -> Result<Tensor>,
    what: &str,
) -> Result<()> {
    let gradients = grad(&f(watched)?, &watched.iter().collect::<Vec<_>>(), Graph::Discard)?;
    let norms = gradients.iter().map(norm).collect::<Result<Vec<_>>>()?;
    assert!(norms.iter().all(|norm| norm.is_finite()), "{what}: a gradient is not finite");
    let largest = norms.iter().copied().fold(0.0, f64::max);
    let mut rng = Rng::stream(4, "direction");
    let mut directions = Vec::new();
    for (tensor, norm) in point.iter().zip(&norms) {
        let share = (largest / norm).min(MOST_SHARE);
        directions.push((rng.normal(tensor.shape(), DType::F64, &device())? * share)?);
    }
    let parts = gradients.iter().zip(&directions).map(|(g, v)| g.mul(v)?.sum_all()?.to_scalar::<f64>());
    let slope: f64 = parts.collect::<Result<Vec<_>>>()?.iter().sum();
    let at = |shift: f64| -> Result<f64> {
        let moved = point.iter().zip(&directions).map(|(x, v)| x + (v * shift)?);
        f(&moved.collect::<Result<Vec<_>>>()?.iter().map(watch).collect::<Result<Vec<_>>>()?)?.to_scalar()
    };
    let mut found = Vec::new();
    for step in STEPS {
        let difference = (at(step)? - at(-step)?) / (2.0 * step);
        if (difference - slope).abs() <= TOLERANCE * slope.abs().max(difference.abs()) {
            return Ok(());
        }
        found.push(difference);
    }
    panic!("{what}: the slope is {slope:e}, by differences {found:?}")
}

pub(super) fn check(
    params: &Params,
    input: &Tensor,
    pass: &dyn Fn(&Tensor, Mode) -> Result<Tensor>,
    what: &str,
) -> Result<()> {
    randomise(params, 0.3);
    for _ in 0..PASSES {
        pass(input, TRAIN)?;
    }
    let forward = |x: &Tensor| pass(x, STILL);
    let subject = Subject { params, forward: &forward };
    let mut point: Vec<Tensor> = params.snapshot()?;
    point.push(input.clone());
    let output = forward(input)?.flatten_all()?.to_vec1::<f64>()?;
    assert!(output.iter().all(|x| x.is_finite()), "{what}: an output is not finite");
    let watched = subject.watched(&point)?;
    check_slope(&point, &watched, &|at| subject.value(at), &format!("{what}, first order"))?;

    let gradients = grad(&subject.value(&watched)?, &watched.iter().collect::<Vec<_>>(), Graph::Discard)?;
    let norms = gradients.iter().map(norm).collect::<Result<Vec<_>>>()?;
    let largest = norms.iter().copied().fold(0.0, f64::max);
    let scales: Vec<f64> = norms.iter().map(|norm| norm.max(LEAST_SCALE * largest)).collect();
    check_slope(&point, &watched, &|at| subject.norms(at, &scales), &format!("{what}, second order"))
}

/// Numbers of N(0, 1) in f64.
pub(super) fn normal(shape: &[usize]) -> Result<Tensor> {
    let shape: Vec<usize> = std::iter::once(N).chain(shape.iter().copied()).collect();
    Rng::stream(6, "input").normal(shape, DType::F64, &device())
}

#[test]
fn of_generators() -> Result<()> {
    for (spec, io) in generators_of_the_table() {
        let g = spec.build(&io, Rng::stream(1, "generator"), DType::F64, &device()).unwrap();
        let forward = |z: &Tensor, mode| generate(g.as_ref(), z, mode);
        check(g.params(), &normal(&[g.z_dim()])?, &forward, &format!("{spec:?} of {io:?}"))?;
    }
    Ok(())
}

#[test]
fn of_discriminators() -> Result<()> {
    for (spec, io) in discriminators_of_the_table() {
        let d = spec.build(&io, Rng::stream(1, "discriminator"), DType::F64, &device()).unwrap();
        let forward = |x: &Tensor, mode| criticise(d.as_ref(), x, mode);
        check(d.params(), &normal(&io.sample)?, &forward, &format!("{spec:?} of {io:?}"))?;
    }
    Ok(())
}
