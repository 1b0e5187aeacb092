//! Networks that grow, at each stage and in the midst of a fade. What has not grown yet, or has faded out, has a gradient
//! of 0, not none; a new stage begins as the one before it was.

use ganymede_models::Growth;
use ganymede_tensor::{avg_pool2d, upsample_nearest2d};

use super::*;

/// Samples of a batch.
const N: usize = 4;
/// In the midst of a fade.
const ALPHA: f64 = 0.4;

/// A network of either role that grows.
struct Growing<'a> {
    what: String,
    stages: usize,
    params: &'a Params,
    twin: &'a Params,
    /// What it is given at a stage.
    input: &'a dyn Fn(usize) -> Tensor,
    run: &'a dyn Fn(&Tensor, Growth) -> Result<Tensor>,
    run_twin: &'a dyn Fn(&Tensor, Growth) -> Result<Tensor>,
}

impl Growing<'_> {
    /// The parameters that a pass has a gradient in; all others have zeros.
    fn used(&self, stage: usize, alpha: f64) -> BTreeSet<String> {
        let output = (self.run)(&(self.input)(stage), Growth { stage, alpha }).unwrap();
        assert!(numbers(&output).iter().all(|v| v.is_finite()), "{} at {stage}", self.what);
        let params = self.params.params();
        let values: Vec<Tensor> = params.iter().map(|p| p.get()).collect();
        let loss = output.sqr().unwrap();
        let gradients = grad(&loss, &values.iter().collect::<Vec<_>>(), Graph::Discard).unwrap();
        let mut used = BTreeSet::new();
        for (param, gradient) in params.iter().zip(&gradients) {
            let gradient = numbers(gradient);
            assert!(gradient.iter().all(|g| g.is_finite()), "{} at {stage}: {}", self.what, param.name());
            if gradient.iter().any(|g| *g != 0.0) {
                used.insert(param.name().to_owned());
            }
        }
        used
    }

    fn check(&self) {
        println!("{}", self.what);
        randomise(self.params, 0.3);
        self.check_uses();
        self.check_twin();
        let refused = (self.run)(&(self.input)(0), Growth { stage: 0, alpha: f64::NAN }).unwrap_err();
        assert!(refused.to_string().contains("alpha is NaN"), "{refused}");
    }

    /// Each stage uses what the one before it did but for its colours; a fade uses both.
    fn check_uses(&self) {
        let mut ever = BTreeSet::new();
        let mut before = BTreeSet::new();
        for stage in 0..self.stages {
            let (whole, fading) = (self.used(stage, 1.0), self.used(stage, ALPHA));
            if stage == 0 {
                assert_eq!(whole, fading, "{}: there is nothing to fade from", self.what);
            } else {
                assert!(fading.is_superset(&whole) && fading.is_superset(&before), "{}", self.what);
                assert!(before.difference(&whole).count() > 0 && whole.difference(&before).count() > 0);
            }
            ever.extend(fading);
            before = whole;
        }
        let all: BTreeSet<String> = self.params.params().iter().map(|p| p.name().to_owned()).collect();
        assert_eq!(ever, all, "{}: some parameter is never used", self.what);
    }

    /// What is saved is all of it, at every stage; beyond the last stage is the last.
    fn check_twin(&self) {
        let copy = |(name, tensor): (String, Tensor)| (name, tensor.copy().unwrap());
        self.twin.load_state_dict(&self.params.state_dict().into_iter().map(copy).collect()).unwrap();
        for stage in 0..self.stages {
            for alpha in [0.0, ALPHA, 1.0] {
                let (x, growth) = ((self.input)(stage), Growth { stage, alpha });
                let [own, other] = [self.run, self.run_twin].map(|run| numbers(&run(&x, growth).unwrap()));
                assert_eq!(own, other, "{} at {growth:?}", self.what);
                if stage + 1 == self.stages {
                    let beyond = Growth { stage: usize::MAX, alpha };
                    assert_eq!(own, numbers(&(self.run)(&x, beyond).unwrap()), "{}", self.what);
                }
            }
        }
    }
}

fn generate_at(g: &dyn Generator, z: &Tensor, growth: Growth, mode: Mode) -> Result<Tensor> {
    let (latents, condition) = (Latents::new(z.clone()), condition_in(z.dtype(), g.io(), z.dim(0)?)?);
    Ok(g.forward(GeneratorInput { latents: &latents, condition: &condition, growth }, mode)?.samples)
}

fn criticise_at(d: &dyn Discriminator, x: &Tensor, growth: Growth, mode: Mode) -> Result<Tensor> {
    let n = x.dim(0)?;
    let condition = condition_in(x.dtype(), d.io(), n)?;
    let said = d.forward(DiscriminatorInput { samples: x, condition: &condition, growth }, mode)?;
    let scores = said.scores.reshape((n, ()))?;
    said.class_logits.map_or(Ok(scores.clone()), |logits| Tensor::cat(&[&scores, &logits], 1))
}

fn growing_generators() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    generators_of_the_table().into_iter().filter(|(spec, io)| spec.stages(io) > 1).collect()
}

fn growing_discriminators() -> Vec<(Box<dyn DiscriminatorSpec>, Io)> {
    discriminators_of_the_table().into_iter().filter(|(spec, io)| spec.stages(io) > 1).collect()
}

#[test]
fn of_generators() {
    assert!(!growing_generators().is_empty());
    for example in growing_generators() {
        let (g, twin) = (generator(&example, 1), generator(&example, 2));
        let (spec, io) = &example;
        let stages = spec.stages(io);
        let z = input(N, &[g.z_dim()]);
        let run = |z: &Tensor, growth| generate_at(g.as_ref(), z, growth, STILL);
        Growing {
            what: format!("{spec:?}"),
            stages,
            params: g.params(),
            twin: twin.params(),
            input: &|_| z.clone(),
            run: &run,
            run_twin: &|z, growth| generate_at(twin.as_ref(), z, growth, STILL),
        }
        .check();
        for stage in 0..stages {
            let own = run(&z, Growth { stage, alpha: ALPHA }).unwrap();
            assert_eq!(own.dims(), [&[N], &io.at_stage(stage, stages).sample[..]].concat());
            if stage > 0 {
                let before = run(&z, Growth { stage: stage - 1, alpha: 1.0 }).unwrap();
                let first = run(&z, Growth { stage, alpha: 0.0 }).unwrap();
                assert_close(&first, &upsample_nearest2d(&before, 2).unwrap(), Tol::F32);
            }
        }
    }
}

#[test]
fn of_discriminators() {
    assert!(!growing_discriminators().is_empty());
    for example in growing_discriminators() {
        let (d, twin) = (discriminator(&example, 1), discriminator(&example, 2));
        let (spec, io) = &example;
        let stages = spec.stages(io);
        let images = |stage: usize| input(N, &io.at_stage(stage, stages).sample);
        let run = |x: &Tensor, growth| criticise_at(d.as_ref(), x, growth, STILL);
        Growing {
            what: format!("{spec:?}"),
            stages,
            params: d.params(),
            twin: twin.params(),
            input: &images,
            run: &run,
            run_twin: &|x, growth| criticise_at(twin.as_ref(), x, growth, STILL),
        }
        .check();
        for stage in 1..stages {
            let x = images(stage);
            let (own, before) = (Growth { stage, alpha: 0.0 }, Growth { stage: stage - 1, alpha: 1.0 });
            let halved = avg_pool2d(&x, 2).unwrap();
            assert_close(&run(&x, own).unwrap(), &run(&halved, before).unwrap(), Tol::F32);
            for (x, growth) in [(&x, before), (&halved, own)] {
                let message = run(x, growth).unwrap_err().to_string();
                assert!(message.contains("discriminator: x is [4,"), "{message}");
            }
        }
    }
}

#[test]
fn derivatives_of_generators() -> Result<()> {
    for (spec, io) in growing_generators() {
        let g = spec.build(&io, Rng::stream(1, "generator"), DType::F64, &device()).unwrap();
        for stage in 1..spec.stages(&io) {
            let growth = Growth { stage, alpha: ALPHA };
            let forward = |z: &Tensor, mode| generate_at(g.as_ref(), z, growth, mode);
            let what = format!("{spec:?} at {growth:?}");
            derivatives::check(g.params(), &derivatives::normal(&[g.z_dim()])?, &forward, &what)?;
        }
    }
    Ok(())
}

#[test]
fn derivatives_of_discriminators() -> Result<()> {
    for (spec, io) in growing_discriminators() {
        let d = spec.build(&io, Rng::stream(1, "discriminator"), DType::F64, &device()).unwrap();
        let stages = spec.stages(&io);
        for stage in 1..stages {
            let growth = Growth { stage, alpha: ALPHA };
            let forward = |x: &Tensor, mode| criticise_at(d.as_ref(), x, growth, mode);
            let images = derivatives::normal(&io.at_stage(stage, stages).sample)?;
            derivatives::check(d.params(), &images, &forward, &format!("{spec:?} at {growth:?}"))?;
        }
    }
    Ok(())
}
