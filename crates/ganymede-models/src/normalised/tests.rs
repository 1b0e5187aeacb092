use ganymede_tensor::testing::{Order, gradcheck};
use ganymede_tensor::{DType, Device, Graph, Rng, Tensor, grad};

use crate::{Discriminator, DiscriminatorConfig, DiscriminatorInput, Io, Mode};

const CPU: Device = Device::Cpu;
const TRAIN: Mode = Mode::Train { update_stats: false };

fn config(text: &str) -> DiscriminatorConfig {
    DiscriminatorConfig::from_table(&text.parse().unwrap()).unwrap()
}

fn build(text: &str) -> Box<dyn Discriminator> {
    config(text).build(&Io::new([2]), Rng::new(4), DType::F64, &CPU).unwrap()
}

const SMOOTH: &str = "kind = \"mlp\"\nwidth = 5\nlayers = 2\nactivation = \"tanh\"";

fn scores(d: &dyn Discriminator, x: &Tensor) -> Tensor {
    d.forward(DiscriminatorInput::new(x), TRAIN).unwrap().scores
}

/// By differences of the network itself; a batch of one, a sample twice, and scores that are saturated.
#[test]
fn the_score_is_divided_by_its_slope_and_its_size() {
    let (plain, normalised) = (build(SMOOTH), build(&format!("{SMOOTH}\ngradient_normalised = true")));
    for x in [
        Rng::new(1).normal((4, 2), DType::F64, &CPU).unwrap(),
        Tensor::new(&[[0.3f64, -0.2]], &CPU).unwrap(),
        Tensor::new(&[[90.0f64, -80.0], [90.0, -80.0]], &CPU).unwrap(),
    ] {
        const STEP: f64 = 1e-5;
        let f = scores(&*plain, &x).to_vec1::<f64>().unwrap();
        let slope = |axis: usize| {
            let mut unit = [[0.0; 2]];
            unit[0][axis] = STEP;
            let unit = Tensor::new(&unit, &CPU).unwrap();
            let there = scores(&*plain, &x.broadcast_add(&unit).unwrap());
            let back = scores(&*plain, &x.broadcast_sub(&unit).unwrap());
            ((there - back).unwrap() / (2.0 * STEP)).unwrap().to_vec1::<f64>().unwrap()
        };
        let (a, b) = (slope(0), slope(1));
        let found = scores(&*normalised, &x).to_vec1::<f64>().unwrap();
        for i in 0..f.len() {
            let wanted = f[i] / (a[i].hypot(b[i]) + f[i].abs());
            assert!((found[i] - wanted).abs() < 1e-8, "{} {wanted}", found[i]);
        }
    }
}

/// In the sample and in the weights, of both orders, as losses and penalties need them.
#[test]
fn it_can_be_differentiated_like_any_other() {
    let d = build(&format!("{SMOOTH}\ngradient_normalised = true"));
    let x = Rng::new(1).normal((3, 2), DType::F64, &CPU).unwrap();
    let f = |t: &[Tensor]| scores(&*d, &t[0]).sqr();
    for order in [Order::First, Order::Second] {
        gradcheck(f, std::slice::from_ref(&x), order).unwrap();
    }
    let weights = d.params().snapshot().unwrap();
    let of_weights = |t: &[Tensor]| {
        let _bound = d.params().bind(t)?;
        Ok(scores(&*d, &x))
    };
    gradcheck(of_weights, &weights, Order::First).unwrap();
    // The generator's gradient goes through the slope, too.
    let watched = ganymede_tensor::watch(&x).unwrap();
    let through = grad(&scores(&*d, &watched), &[&watched], Graph::Discard).unwrap().remove(0);
    assert!(through.abs().unwrap().sum_all().unwrap().to_scalar::<f64>().unwrap() > 0.0);
}

#[test]
fn it_is_written_down_and_refused_where_samples_are_judged_together() {
    let config_on = config(&format!("{SMOOTH}\ngradient_normalised = true"));
    assert_eq!(config_on.write()["gradient_normalised"].as_bool(), Some(true));
    assert_eq!(DiscriminatorConfig::from_table(&config_on.write()).unwrap(), config_on);
    assert_eq!(config(SMOOTH).write().get("gradient_normalised"), None);
    let mixing = config("kind = \"dcgan\"\nnorm = \"batch\"\ngradient_normalised = true");
    assert_eq!(mixing.check()[0].field, "gradient_normalised");
    assert!(
        DiscriminatorConfig::from_table(&"kind = \"mlp\"\ngradient_normalised = 1".parse().unwrap()).is_err()
    );
}
