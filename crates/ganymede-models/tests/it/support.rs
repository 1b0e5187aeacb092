//! Fixtures, tolerances and finite differences in parameters.

use std::collections::BTreeMap;
use std::path::Path;

use ganymede_models::{
    Condition, Critique, Discriminator, DiscriminatorInput, Generator, GeneratorInput, Latents, Mode,
};
use ganymede_tensor::testing::{Order, Tol, assert_close, gradcheck};
use ganymede_tensor::{
    Builder, DType, Device, Graph, Params, Result, Rng, Tensor, grad, load_weights, watch,
};

/// Expected values from PyTorch, computed in f64 and stored in f32.
pub(crate) struct Fixture {
    tensors: BTreeMap<String, Tensor>,
    dtype: DType,
}

impl Fixture {
    /// `tests/fixtures/NAME/NAME.safetensors`, floating values cast to `dtype`.
    pub(crate) fn open(name: &str, dtype: DType) -> Self {
        let file = format!("tests/fixtures/{name}/{name}.safetensors");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        Self { tensors: load_weights(&path, None, &Device::Cpu).unwrap(), dtype }
    }

    pub(crate) fn get(&self, key: &str) -> Tensor {
        let tensor = self.tensors.get(key).unwrap_or_else(|| panic!("the fixture has no {key}"));
        match tensor.dtype() {
            DType::I64 => tensor.clone(),
            _ => tensor.to_dtype(self.dtype).unwrap(),
        }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.tensors.contains_key(key)
    }

    /// All tensors below `prefix/`.
    pub(crate) fn below(&self, prefix: &str) -> BTreeMap<String, Tensor> {
        let prefix = format!("{prefix}/");
        let names = self.tensors.keys().filter_map(|key| key.strip_prefix(&prefix));
        names.map(|name| (name.to_string(), self.get(&format!("{prefix}{name}")))).collect()
    }

    /// Fails unless `got` agrees with the value under `key`.
    #[track_caller]
    pub(crate) fn assert(&self, key: &str, got: &Tensor) {
        let expected = self.get(key);
        println!("{key}");
        assert_close(got, &expected, self.tol(&expected));
    }

    /// In f64 only the rounding of the file is left; in f32, 1e-5 of the largest element.
    fn tol(&self, expected: &Tensor) -> Tol {
        let largest = magnitude(expected);
        match self.dtype {
            DType::F64 => Tol { rel: 1e-7, abs: 1e-9 * largest + 1e-12 },
            _ => Tol { rel: 1e-5, abs: 1e-5 * largest },
        }
    }

    /// Fails unless gradients of sum(`output`·cotangent) agree with those of the case, for the
    /// input and every parameter, by name.
    pub(crate) fn assert_gradients(&self, case: &str, params: &Params, x: &Tensor, output: &Tensor) {
        let loss = output.mul(&self.get(&format!("{case}/cotangent"))).unwrap();
        let all = params.params();
        let values: Vec<Tensor> = all.iter().map(|p| p.get()).collect();
        let inputs: Vec<&Tensor> = std::iter::once(x).chain(&values).collect();
        let gradients = grad(&loss, &inputs, Graph::Discard).unwrap();
        self.assert(&format!("{case}/grad_input"), &gradients[0]);
        self.assert_all(&format!("{case}/grad"), params, &gradients[1..]);
    }

    /// Fails unless there is a value below `prefix/` for each parameter, and the gradients agree with them.
    pub(crate) fn assert_all(&self, prefix: &str, params: &Params, gradients: &[Tensor]) {
        let (all, expected) = (params.params(), self.below(prefix));
        assert_eq!(expected.len(), all.len(), "{prefix}: parameters");
        let largest = expected.values().map(magnitude).fold(0.0, f64::max);
        for (param, gradient) in all.iter().zip(gradients) {
            let (name, expected) = (param.name(), &expected[param.name()]);
            let tol = self.tol(expected);
            // Rounding is that of the other gradients: a bias before a normalisation has none but for it.
            let rounding = if self.dtype == DType::F64 { 1e-12 } else { 1e-6 };
            println!("{prefix}/{name}");
            assert_close(gradient, expected, Tol { abs: tol.abs + rounding * largest, ..tol });
        }
    }

    /// Fails unless the mean squared norm of the scores' gradient in the case's input has the case's gradients in all
    /// parameters.
    pub(crate) fn assert_r1(&self, case: &str, params: &Params, score: &dyn Fn(&Tensor) -> Result<Tensor>) {
        let x = watch(&self.get(&format!("{case}/input"))).unwrap();
        let slope = grad(&score(&x).unwrap().sum_all().unwrap(), &[&x], Graph::Create).unwrap().remove(0);
        let penalty = (slope.sqr().unwrap().sum_all().unwrap() / x.dim(0).unwrap() as f64).unwrap();
        let all = params.params();
        let values: Vec<Tensor> = all.iter().map(|p| p.get()).collect();
        let gradients = grad(&penalty, &values.iter().collect::<Vec<_>>(), Graph::Discard).unwrap();
        self.assert_all(&format!("{case}/r1"), params, &gradients);
    }
}

fn magnitude(t: &Tensor) -> f64 {
    let t = t.to_dtype(DType::F64).unwrap().abs().unwrap();
    t.flatten_all().unwrap().to_vec1::<f64>().unwrap().into_iter().fold(0.0, f64::max)
}

/// Both precisions in which parity is asked for.
pub(crate) const DTYPES: [DType; 2] = [DType::F64, DType::F32];

/// Parameters and where to create them, in f64.
pub(crate) fn builder(seed: u64) -> (Params, Builder) {
    let params = Params::new();
    let builder = params.builder(Rng::new(seed), DType::F64, &Device::Cpu);
    (params, builder)
}

/// N(0, 1) in f64.
pub(crate) fn normal(seed: u64, shape: &[usize]) -> Tensor {
    Rng::stream(seed, "input").normal(shape, DType::F64, &Device::Cpu).unwrap()
}

/// Replaces all parameters by N(0, `std`²), plus 1 for the γ of normalisations.
pub(crate) fn randomise(params: &Params, std: f64) {
    let mut rng = Rng::stream(7, "parameters");
    for param in params.params() {
        let shape = param.var().shape().clone();
        let centre = if shape.rank() == 1 && param.name().ends_with("weight") { 1.0 } else { 0.0 };
        let value = rng.normal(shape, param.var().dtype(), &Device::Cpu).unwrap();
        param.set(&value.affine(std, centre).unwrap()).unwrap();
    }
}

/// All values of a model by name, as numbers.
pub(crate) fn snapshot(params: &Params) -> BTreeMap<String, Vec<f64>> {
    let numbers = |t: &Tensor| -> Result<Vec<f64>> { t.to_dtype(DType::F64)?.flatten_all()?.to_vec1() };
    params.state_dict().iter().map(|(name, t)| (name.clone(), numbers(t).unwrap())).collect()
}

/// First and second derivatives of `forward`, in its input and in all parameters, against finite
/// differences.
pub(crate) fn check_all(params: &Params, x: &Tensor, forward: &dyn Fn(&Tensor) -> Result<Tensor>) {
    for order in [Order::First, Order::Second] {
        if let Err(error) = gradcheck(|x| forward(&x[0]), std::slice::from_ref(x), order) {
            panic!("{order:?} in the input: {error}")
        }
    }
    check_params(params, &|| project(&forward(x)?, 1));
    // A gradient penalty: a function of the gradient in the input, differentiated in the weights.
    check_params(params, &|| {
        let x = watch(x)?;
        let gradient = grad(&project(&forward(&x)?, 1)?, &[&x], Graph::Create)?;
        project(&gradient[0], 2)
    });
}

/// The sum of `t` times fixed random numbers.
fn project(t: &Tensor, seed: u64) -> Result<Tensor> {
    let weights = Rng::stream(seed, "project").uniform(-1.5, 1.5, t.shape(), DType::F64, &Device::Cpu)?;
    t.mul(&weights)?.sum_all()
}

/// At most this many elements of a parameter are varied.
const ELEMENTS: usize = 24;

/// The gradient of the scalar `f` in every parameter against central differences of fourth order.
fn check_params(params: &Params, f: &dyn Fn() -> Result<Tensor>) {
    let all = params.params();
    let values: Vec<Tensor> = all.iter().map(|p| p.get()).collect();
    let exact = grad(&f().unwrap(), &values.iter().collect::<Vec<_>>(), Graph::Discard).unwrap();
    for (param, exact) in all.iter().zip(exact) {
        let shape = param.var().shape().clone();
        let base: Vec<f64> = param.var().as_tensor().flatten_all().unwrap().to_vec1().unwrap();
        let exact: Vec<f64> = exact.flatten_all().unwrap().to_vec1().unwrap();
        let value_at = |element: usize, shift: f64| {
            let mut moved = base.clone();
            moved[element] += shift;
            param.set(&Tensor::from_vec(moved, shape.clone(), &Device::Cpu).unwrap()).unwrap();
            f().unwrap().to_scalar::<f64>().unwrap()
        };
        let picked: Vec<usize> = (0..base.len()).step_by(base.len().div_ceil(ELEMENTS)).collect();
        let differences: Vec<f64> = picked
            .iter()
            .map(|&e| {
                let h = 1e-4;
                let near = value_at(e, h) - value_at(e, -h);
                let far = value_at(e, 2.0 * h) - value_at(e, -2.0 * h);
                (8.0 * near - far) / (12.0 * h)
            })
            .collect();
        param.set(&Tensor::from_vec(base.clone(), shape, &Device::Cpu).unwrap()).unwrap();
        let scale = differences.iter().fold(0.0f64, |m, d| m.max(d.abs()));
        let tensor = |v: &[f64]| Tensor::new(v, &Device::Cpu).unwrap();
        let exact: Vec<f64> = picked.iter().map(|&e| exact[e]).collect();
        println!("{}", param.name());
        let tol = Tol { rel: 1e-6, abs: 1e-8 * scale + 1e-10 };
        assert_close(&tensor(&exact), &tensor(&differences), tol);
    }
}

/// Samples of latent vectors, without a condition.
pub(crate) fn generate(g: &dyn Generator, z: &Tensor, mode: Mode) -> Result<Tensor> {
    generate_of(g, z, Condition::none(), mode)
}

/// Samples of latent vectors under a condition.
pub(crate) fn generate_of(
    g: &dyn Generator,
    z: &Tensor,
    condition: &Condition,
    mode: Mode,
) -> Result<Tensor> {
    let latents = Latents::new(z.clone());
    Ok(g.forward(GeneratorInput::new(&latents).with_condition(condition), mode)?.samples)
}

/// Scores of samples, without a condition.
pub(crate) fn score(d: &dyn Discriminator, x: &Tensor, mode: Mode) -> Result<Tensor> {
    Ok(d.forward(DiscriminatorInput::new(x), mode)?.scores)
}

/// All that is said of samples under a condition, a row a sample: the scores, then logits of the classes if there are
/// some.
pub(crate) fn judge_of(
    d: &dyn Discriminator,
    x: &Tensor,
    condition: &Condition,
    mode: Mode,
) -> Result<Tensor> {
    let Critique { scores, class_logits, .. } =
        d.forward(DiscriminatorInput::new(x).with_condition(condition), mode)?;
    let scores = scores.reshape((x.dim(0)?, ()))?;
    class_logits.map_or(Ok(scores.clone()), |logits| Tensor::cat(&[&scores, &logits], 1))
}

/// Classes of a batch.
pub(crate) fn classes(of: &[u32]) -> Condition {
    Condition::Classes(Tensor::new(of, &Device::Cpu).unwrap())
}
