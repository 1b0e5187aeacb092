//! One training step of DCGAN at 64 pixels, on the operations of this crate or on plain candle:
//! time and peak memory side by side.
//!
//! `cargo run --release -p ganymede-tensor --example dcgan_step -- ours|candle [BATCH] [STEPS]`
//!
//! The step is that of the tutorial: the discriminator on real and generated images, then the
//! generator, first-order gradients only, plain subtraction as the update.

use std::time::Instant;

use candle_core::Var;
use ganymede_tensor::{
    ConvConfig, DType, Device, Graph, Result, Rng, Tensor, bail, batch_norm, conv_transpose2d, conv2d, grad,
    leaky_relu, relu, softplus,
};

const CHANNELS: [usize; 6] = [3, 64, 128, 256, 512, 1];
const LATENT: usize = 100;

struct Net {
    weights: Vec<Var>,
    scales: Vec<Option<(Var, Var)>>,
}

impl Net {
    /// `shapes` in order; each layer but those in `bare` is followed by batch norm over `features`.
    fn new(rng: &mut Rng, layers: &[([usize; 4], Option<usize>)]) -> Result<Self> {
        let (mut weights, mut scales) = (vec![], vec![]);
        for (shape, features) in layers {
            let w = rng.normal(&shape[..], DType::F32, &Device::Cpu)?;
            weights.push(Var::from_tensor(&(w * 0.02)?)?);
            scales.push(match features {
                Some(c) => Some((
                    Var::ones(*c, DType::F32, &Device::Cpu)?,
                    Var::zeros(*c, DType::F32, &Device::Cpu)?,
                )),
                None => None,
            });
        }
        Ok(Self { weights, scales })
    }

    fn generator(rng: &mut Rng) -> Result<Self> {
        let mut widths = CHANNELS;
        widths.reverse();
        widths[0] = LATENT;
        let layers: Vec<_> =
            (0..5).map(|i| ([widths[i], widths[i + 1], 4, 4], (i < 4).then(|| widths[i + 1]))).collect();
        Self::new(rng, &layers)
    }

    fn discriminator(rng: &mut Rng) -> Result<Self> {
        let c = CHANNELS;
        let layers: Vec<_> =
            (0..5).map(|i| ([c[i + 1], c[i], 4, 4], (0 < i && i < 4).then(|| c[i + 1]))).collect();
        Self::new(rng, &layers)
    }

    fn vars(&self) -> Vec<&Var> {
        let scales = self.scales.iter().flatten().flat_map(|(w, b)| [w, b]);
        self.weights.iter().chain(scales).collect()
    }
}

/// The operations that the two sides do differently.
struct Side {
    conv: fn(&Tensor, &Tensor, usize, usize) -> Result<Tensor>,
    transposed: fn(&Tensor, &Tensor, usize, usize) -> Result<Tensor>,
    norm: fn(&Tensor, &Tensor, &Tensor) -> Result<Tensor>,
    relu: fn(&Tensor) -> Result<Tensor>,
    leaky: fn(&Tensor) -> Result<Tensor>,
    softplus: fn(&Tensor) -> Result<Tensor>,
    gradients: fn(&Tensor, &[&Var]) -> Result<Vec<Tensor>>,
}

fn square(stride: usize, padding: usize) -> ConvConfig {
    ConvConfig { stride: [stride; 2], padding: [padding; 2], ..Default::default() }
}

const OURS: Side = Side {
    conv: |x, w, s, p| conv2d(x, w, square(s, p)),
    transposed: |x, w, s, p| conv_transpose2d(x, w, square(s, p), [0, 0]),
    norm: |x, w, b| Ok(batch_norm(x, w, b, 1e-5)?.output),
    relu,
    leaky: |x| leaky_relu(x, 0.2),
    softplus,
    gradients: |loss, vars| {
        grad(loss, &vars.iter().map(|v| v.as_tensor()).collect::<Vec<_>>(), Graph::Discard)
    },
};

const CANDLE: Side = Side {
    conv: |x, w, s, p| x.conv2d(w, p, s, 1, 1),
    transposed: |x, w, s, p| x.conv_transpose2d(w, p, 0, s, 1),
    norm: |x, w, b| {
        let (_, c, _, _) = x.dims4()?;
        let column = |t: &Tensor| t.reshape((1, c, 1, 1));
        let mean = |x: &Tensor| x.mean_keepdim(0)?.mean_keepdim(2)?.mean_keepdim(3);
        let centred = x.broadcast_sub(&mean(x)?)?;
        let scaled = centred.broadcast_div(&(mean(&centred.sqr()?)? + 1e-5)?.sqrt()?)?;
        scaled.broadcast_mul(&column(w)?)?.broadcast_add(&column(b)?)
    },
    relu: Tensor::relu,
    leaky: |x| candle_nn::ops::leaky_relu(x, 0.2),
    softplus: |x| (x.exp()? + 1.0)?.log(),
    gradients: |loss, vars| {
        let store = loss.backward()?;
        vars.iter().map(|v| Ok(store.get(v.as_tensor()).expect("reached").clone())).collect()
    },
};

impl Side {
    fn generate(&self, net: &Net, z: &Tensor) -> Result<Tensor> {
        let mut x = z.clone();
        for (i, (w, scale)) in net.weights.iter().zip(&net.scales).enumerate() {
            x = (self.transposed)(&x, w, if i == 0 { 1 } else { 2 }, usize::from(i > 0))?;
            x = match scale {
                Some((w, b)) => (self.relu)(&(self.norm)(&x, w, b)?)?,
                None => x.tanh()?,
            };
        }
        Ok(x)
    }

    fn judge(&self, net: &Net, x: &Tensor) -> Result<Tensor> {
        let mut x = x.clone();
        for (i, (w, scale)) in net.weights.iter().zip(&net.scales).enumerate() {
            x = (self.conv)(&x, w, if i == 4 { 1 } else { 2 }, usize::from(i < 4))?;
            if let Some((w, b)) = scale {
                x = (self.norm)(&x, w, b)?;
            }
            if i < 4 {
                x = (self.leaky)(&x)?;
            }
        }
        x.flatten_all()
    }

    fn update(&self, loss: &Tensor, net: &Net) -> Result<()> {
        let vars = net.vars();
        for (var, g) in vars.iter().zip((self.gradients)(loss, &vars)?) {
            var.set(&(var.as_detached_tensor() - (g * 2e-4)?)?)?;
        }
        Ok(())
    }

    fn step(&self, g: &Net, d: &Net, rng: &mut Rng, batch: usize) -> Result<()> {
        let real = rng.normal((batch, 3, 64, 64), DType::F32, &Device::Cpu)?.tanh()?;
        let z = rng.normal((batch, LATENT, 1, 1), DType::F32, &Device::Cpu)?;
        let fake = self.generate(g, &z)?;
        let on_real = (self.softplus)(&self.judge(d, &real)?.neg()?)?.mean_all()?;
        let on_fake = (self.softplus)(&self.judge(d, &fake.detach())?)?.mean_all()?;
        self.update(&(on_real + on_fake)?, d)?;
        let loss = (self.softplus)(&self.judge(d, &fake)?.neg()?)?.mean_all()?;
        self.update(&loss, g)
    }
}

/// The largest resident set so far, in MB (Linux only).
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches("kB").trim().parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let side = match args.get(1).map(String::as_str) {
        Some("ours") => OURS,
        Some("candle") => CANDLE,
        _ => bail!("usage: dcgan_step ours|candle [BATCH] [STEPS]"),
    };
    let number = |i: usize, default: usize| args.get(i).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (batch, steps) = (number(2, 32), number(3, 5));
    let mut rng = Rng::new(0);
    let (g, d) = (Net::generator(&mut rng)?, Net::discriminator(&mut rng)?);
    let mut times = vec![];
    for _ in 0..steps {
        let start = Instant::now();
        side.step(&g, &d, &mut rng, batch)?;
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    println!("batch {batch}: median step {:.0} ms, peak memory {:.0} MB", times[steps / 2] * 1e3, peak_mb());
    Ok(())
}
