//! Every differentiable operation, both ways: as it is offered, and composed of plain operations, which is
//! what a device without a kernel runs. Runs on the device of `GAN_TEST_DEVICE`; inputs are made on the CPU.

mod cases;
mod convolutions;
mod resampling;

use candle_core::{DType, Result, Tensor};

use crate::testing::{Order, Tol, assert_close, device, gradcheck};
use crate::{Graph, Rng, grad, watch};

type Operation = Box<dyn Fn(&[Tensor]) -> Result<Tensor>>;

/// An operation and the places at which it is looked at.
struct Case {
    name: String,
    public: Operation,
    /// None where the public function is composed itself.
    composed: Option<Operation>,
    places: Vec<Place>,
}

/// Arguments, in f64 on the CPU.
struct Place {
    what: &'static str,
    tensors: Vec<Tensor>,
    /// Whether the operation is smooth there, so that finite differences are those of its gradient. At a
    /// kink both ways have to make the same choice.
    smooth: bool,
}

impl Case {
    fn ways(&self) -> impl Iterator<Item = (&'static str, &Operation)> {
        [Some(("public", &self.public)), self.composed.as_ref().map(|f| ("composed", f))]
            .into_iter()
            .flatten()
    }
}

impl Place {
    fn on_device(&self, dtype: DType) -> Result<Vec<Tensor>> {
        self.tensors.iter().map(|t| t.to_dtype(dtype)?.to_device(&device())).collect()
    }
}

/// The operation and its square, so that the second derivative is not that of a linear map, the first is
/// not 0 where the operation is, and tensors are used twice.
fn twice(f: &Operation, t: &[Tensor]) -> Result<Tensor> {
    let (once, again) = (f(t)?, f(t)?);
    let weights =
        Rng::stream(5, "table").uniform(0.5, 1.5, once.shape(), DType::F64, &candle_core::Device::Cpu)?;
    let weights = weights.to_dtype(once.dtype())?.to_device(once.device())?;
    (((&once * again)? + once)? * weights)?.sum_all()? + (t[0].sqr()?.sum_all()? * 0.1)?
}

/// Gradients of first and second order in each argument.
fn gradients(f: &Operation, tensors: &[Tensor]) -> Result<[Vec<Tensor>; 2]> {
    let t = tensors.iter().map(watch).collect::<Result<Vec<_>>>()?;
    let inputs: Vec<&Tensor> = t.iter().collect();
    let first = grad(&twice(f, &t)?, &inputs, Graph::Create)?;
    let norm = first.iter().map(|g| g.sqr()?.sum_all()).reduce(|a, b| a? + b?).expect("an argument")?;
    let second = grad(&norm, &inputs, Graph::Discard)?;
    Ok([first.iter().map(Tensor::detach).collect(), second])
}

fn check_values(case: &Case, place: &Place) -> Result<()> {
    let (double, single) = (place.on_device(DType::F64)?, place.on_device(DType::F32)?);
    let exact = case.composed.as_ref().unwrap_or(&case.public)(&double)?;
    for (_, way) in case.ways() {
        assert_close(&way(&double)?, &exact, Tol { rel: 1e-10, abs: 1e-11 });
        assert_close(&way(&single)?.to_dtype(DType::F64)?, &exact, Tol { rel: 2e-5, abs: 3e-6 });
        // Tracked, another kernel may run.
        let tracked = double.iter().map(watch).collect::<Result<Vec<_>>>()?;
        assert_close(&way(&tracked)?, &exact, Tol { rel: 1e-10, abs: 1e-11 });
    }
    Ok(())
}

fn check_gradients(case: &Case, place: &Place) -> Result<()> {
    let (double, single) = (place.on_device(DType::F64)?, place.on_device(DType::F32)?);
    let exact = gradients(case.composed.as_ref().unwrap_or(&case.public), &double)?;
    let largest = |t: &Tensor| t.abs()?.flatten_all()?.max(0)?.to_scalar::<f64>();
    for (name, way) in case.ways() {
        for (found, exact) in gradients(way, &double)?.iter().flatten().zip(exact.iter().flatten()) {
            assert_close(found, exact, Tol { rel: 1e-9, abs: 1e-9 * largest(exact)?.max(1e-2) });
        }
        for (found, exact) in gradients(way, &single)?[0].iter().zip(&exact[0]) {
            let tol = Tol { rel: 1e-4, abs: 1e-5 * largest(exact)?.max(1.0) };
            assert_close(&found.to_dtype(DType::F64)?, exact, tol);
        }
        if place.smooth {
            let context = |e: candle_core::Error| e.context(format!("{name} of {}", case.name));
            gradcheck(way, &double, Order::First).map_err(context)?;
            gradcheck(|t| twice(way, t), &double, Order::Second).map_err(context)?;
        }
    }
    Ok(())
}

fn check(cases: Vec<Case>) {
    for case in cases {
        for place in &case.places {
            let checked = || check_values(&case, place).and_then(|()| check_gradients(&case, place));
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(checked));
            let text =
                |e: Box<dyn std::any::Any + Send>| e.downcast_ref::<String>().cloned().unwrap_or_default();
            match result {
                Ok(Ok(())) => {}
                Ok(Err(error)) => panic!("{} at {}: {error}", case.name, place.what),
                Err(panic) => panic!("{} at {}: {}", case.name, place.what, text(panic)),
            }
        }
    }
}

#[test]
fn functions_of_an_element() {
    check(cases::elementwise());
}

#[test]
fn softmaxes_and_maps_of_rows() {
    check(cases::rows());
}

#[test]
fn operations_along_channels() {
    check(cases::channels());
}

#[test]
fn resolutions_and_borders() {
    check(cases::resolution());
}

#[test]
fn filters() {
    check(resampling::filters());
}

#[test]
fn points() {
    check(resampling::points());
}

#[test]
fn styles() {
    check(resampling::styles());
}

#[test]
fn windows() {
    check(cases::windows());
}

#[test]
fn convolutions() {
    check(convolutions::convolutions());
}

/// The choices at kinks, as numbers: both ways agreeing is not enough.
#[test]
fn derivatives_at_kinks_are_those_that_are_documented() -> Result<()> {
    let at = |f: &Operation, x: &[f64]| -> Result<[Vec<f64>; 2]> {
        let x = watch(&Tensor::new(x, &candle_core::Device::Cpu)?.to_device(&device())?)?;
        let first = grad(&f(std::slice::from_ref(&x))?, &[&x], Graph::Create)?.remove(0);
        let second = grad(&first, &[&x], Graph::Discard)?.remove(0);
        Ok([first.detach().to_vec1()?, second.to_vec1()?])
    };
    let expected = [
        ("softplus", 0.5, 0.25),
        ("log_sigmoid", 0.5, -0.25),
        ("sigmoid", 0.25, 0.0),
        ("tanh", 1.0, 0.0),
        ("relu", 0.0, 0.0),
        ("leaky_relu", 0.2, 0.0),
    ];
    let cases = cases::elementwise();
    for (name, first, second) in expected {
        let case = cases.iter().find(|c| c.name == name).expect("a row of the table");
        for (way, f) in case.ways() {
            assert_eq!(at(f, &[0.0])?, [[first], [second]], "{way} of {name}");
        }
    }
    Ok(())
}

/// Of several largest pixels the first gets the gradient.
#[test]
fn ties_go_to_the_first() -> Result<()> {
    for case in cases::windows() {
        let Some(place) = case.places.iter().find(|p| p.what == "tie") else { continue };
        for (way, f) in case.ways() {
            let x = watch(&place.on_device(DType::F64)?[0])?;
            let g = grad(&f(std::slice::from_ref(&x))?, &[&x], Graph::Discard)?.remove(0);
            let first = g.flatten_all()?.to_vec1::<f64>()?[0];
            // The first pixel lies in one window only, and is the first of it.
            assert!(first == 1.0, "{way} of {}: {first}", case.name);
        }
    }
    Ok(())
}
