//! Tools of every crate's tests: finite differences as the judge of gradients, and comparison
//! that looks in both directions.

use candle_core::{DType, Device, Result, Tensor, bail};

use crate::{DeviceChoice, Graph, Rng, grad, watch};

/// Which derivatives [`gradcheck`] checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The gradient of the function.
    First,
    /// The gradient of a random combination of its gradients, as a gradient penalty uses it.
    Second,
}

/// How far apart two numbers may be: `|a − b| <= abs + rel·max(|a|, |b|)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tol {
    /// Relative to the larger of the two.
    pub rel: f64,
    /// Absolute.
    pub abs: f64,
}

impl Tol {
    /// For values computed in f32: 1e-5 of the value, or 1e-6.
    pub const F32: Tol = Tol { rel: 1e-5, abs: 1e-6 };
    /// For values computed in f64.
    pub const F64: Tol = Tol { rel: 1e-10, abs: 1e-12 };
}

/// Fails unless the two tensors have the same shape and agree in every element.
///
/// # Panics
/// They do not; the message shows the worst element. NaN agrees with nothing.
#[track_caller]
pub fn assert_close(a: &Tensor, b: &Tensor, tol: Tol) {
    if let Err(message) = close(a, b, tol) {
        panic!("{message}")
    }
}

fn close(a: &Tensor, b: &Tensor, tol: Tol) -> std::result::Result<(), String> {
    if a.dims() != b.dims() {
        return Err(format!("shapes differ: {:?} against {:?}", a.dims(), b.dims()));
    }
    let (x, y) = (values(a).map_err(|e| e.to_string())?, values(b).map_err(|e| e.to_string())?);
    let excess = |a: f64, b: f64| {
        let excess = (a - b).abs() - tol.abs - tol.rel * a.abs().max(b.abs());
        if excess.is_nan() { f64::INFINITY } else { excess }
    };
    let worst = (0..x.len()).max_by(|&i, &j| excess(x[i], y[i]).total_cmp(&excess(x[j], y[j])));
    match worst {
        Some(i) if excess(x[i], y[i]) > 0.0 => {
            let bad = (0..x.len()).filter(|&i| excess(x[i], y[i]) > 0.0).count();
            Err(format!(
                "{bad} of {} elements differ; worst at {i} of {:?}: {:e} against {:e} (off by {:e}, {tol:?})",
                x.len(),
                a.dims(),
                x[i],
                y[i],
                (x[i] - y[i]).abs()
            ))
        }
        _ => Ok(()),
    }
}

fn values(t: &Tensor) -> Result<Vec<f64>> {
    t.detach().to_device(&Device::Cpu)?.to_dtype(DType::F64)?.flatten_all()?.to_vec1()
}

/// Checks the gradients of `f` at `inputs` against central differences.
///
/// The output is projected on fixed random numbers, so that every element of it counts. For
/// [`Order::Second`] the function checked is a fixed random combination of the gradients
/// themselves, computed with [`Graph::Create`]. Each element of each input is varied; differences
/// are of fourth order with step 1e-4, so a relative 1e-6 is asked for.
///
/// ```
/// use ganymede_tensor::{Device, Tensor, softplus, testing::{Order, gradcheck}};
/// let x = Tensor::new(&[-100.0f64, -1.0, 0.0, 100.0], &Device::Cpu)?;
/// gradcheck(|x| softplus(&x[0]), &[x.clone()], Order::First)?;
/// gradcheck(|x| softplus(&x[0]), &[x], Order::Second)?;
/// # Ok::<(), ganymede_tensor::Error>(())
/// ```
///
/// # Errors
/// A gradient is wrong: the message names the input, the element and both numbers. Inputs must be
/// f64.
pub fn gradcheck(f: impl Fn(&[Tensor]) -> Result<Tensor>, inputs: &[Tensor], order: Order) -> Result<()> {
    if let Some(bad) = inputs.iter().find(|x| x.dtype() != DType::F64) {
        bail!("gradcheck needs f64 inputs, got {:?}", bad.dtype())
    }
    let first = |x: &[Tensor]| project(&f(x)?, 1);
    match order {
        Order::First => check(&first, inputs),
        Order::Second => check(
            &|x: &[Tensor]| {
                let gradients = grad(&first(x)?, &x.iter().collect::<Vec<_>>(), Graph::Create)?;
                let parts = gradients.iter().zip(2..).map(|(g, seed)| project(g, seed));
                parts.reduce(|a, b| a? + b?).unwrap_or_else(|| Tensor::new(0.0f64, &Device::Cpu))
            },
            inputs,
        ),
    }
}

/// The sum of `t` times fixed random numbers.
fn project(t: &Tensor, seed: u64) -> Result<Tensor> {
    let weights = Rng::stream(seed, "gradcheck").uniform(0.5, 1.5, t.shape(), DType::F64, t.device())?;
    let signs = Rng::stream(seed, "signs").uniform(-1.0, 1.0, t.shape(), DType::F64, t.device())?.sign()?;
    t.mul(&(weights * signs)?)?.sum_all()
}

fn check(f: &dyn Fn(&[Tensor]) -> Result<Tensor>, inputs: &[Tensor]) -> Result<()> {
    let at = |inputs: &[Tensor]| inputs.iter().map(watch).collect::<Result<Vec<_>>>();
    let watched = at(inputs)?;
    let exact = grad(&f(&watched)?, &watched.iter().collect::<Vec<_>>(), Graph::Discard)?;
    for (i, (input, exact)) in inputs.iter().zip(&exact).enumerate() {
        let (base, exact) = (values(input)?, values(exact)?);
        let value_at = |element: usize, shift: f64| -> Result<f64> {
            let mut moved = base.clone();
            moved[element] += shift;
            let mut all = inputs.to_vec();
            all[i] = Tensor::from_vec(moved, input.shape(), input.device())?;
            f(&at(&all)?)?.to_scalar::<f64>()
        };
        let differences = (0..base.len())
            .map(|e| {
                // The step grows with the element, so that x ± h still differ near ±100.
                let h = 1e-4 * base[e].abs().max(1.0);
                let near = value_at(e, h)? - value_at(e, -h)?;
                let far = value_at(e, 2.0 * h)? - value_at(e, -2.0 * h)?;
                Ok((8.0 * near - far) / (12.0 * h))
            })
            .collect::<Result<Vec<f64>>>()?;
        let scale = differences.iter().fold(0.0f64, |m, d| m.max(d.abs()));
        // Rounding of the differences themselves: 1e-16 of the value, over the step.
        let tol = Tol { rel: 1e-6, abs: 1e-8 * scale + 1e-10 };
        let (exact, differences) = (
            Tensor::new(exact.as_slice(), &Device::Cpu)?,
            Tensor::new(differences.as_slice(), &Device::Cpu)?,
        );
        if let Err(message) = close(&exact, &differences, tol) {
            bail!("gradient in input {i} against finite differences: {message}")
        }
    }
    Ok(())
}

/// The device that tests run on: `GAN_TEST_DEVICE` (`cpu`, `cuda:0`, `metal`), or the CPU.
///
/// # Panics
/// The variable names no device of this build.
pub fn device() -> Device {
    let name = std::env::var("GAN_TEST_DEVICE").unwrap_or_else(|_| "cpu".into());
    let choice: DeviceChoice = name.parse().expect("GAN_TEST_DEVICE names a device");
    choice.open().expect("the device of GAN_TEST_DEVICE opens")
}
