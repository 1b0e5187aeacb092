//! Features of a batch against PyTorch, and their derivatives.

use ganymede_models::{
    LayerConfig, MinibatchDiscrimination, MinibatchDiscriminationConfig, Mode, minibatch_stddev,
};
use ganymede_tensor::{DType, Device, Params, Result, Rng, Tensor, watch};

use crate::support::{DTYPES, Fixture, builder, check_all, normal};

const STILL: Mode = Mode::Train { update_stats: false };
const CONFIG: MinibatchDiscriminationConfig = MinibatchDiscriminationConfig { kernels: 3, dim: 2 };

fn check(case: &str, fixture: &Fixture, params: &Params, forward: &dyn Fn(&Tensor) -> Result<Tensor>) {
    params.load_state_dict(&fixture.below(&format!("{case}/before"))).unwrap();
    let x = watch(&fixture.get(&format!("{case}/input"))).unwrap();
    let output = forward(&x).unwrap();
    fixture.assert(&format!("{case}/train"), &output);
    fixture.assert_gradients(case, params, &x, &output);
}

fn discrimination(dtype: DType) -> (Params, MinibatchDiscrimination) {
    let params = Params::new();
    let builder = params.builder(Rng::new(0), dtype, &Device::Cpu);
    let layer = MinibatchDiscrimination::new(5, &CONFIG, &LayerConfig::default(), &builder).unwrap();
    (params, layer)
}

#[test]
fn discrimination_is_the_papers() {
    for dtype in DTYPES {
        let fixture = Fixture::open("minibatch", dtype);
        let (params, layer) = discrimination(dtype);
        for case in ["discrimination", "discrimination_tied", "discrimination_of_one", "discrimination_apart"]
        {
            check(case, &fixture, &params, &|x| layer.forward(x, STILL));
        }
    }
}

#[test]
fn standard_deviation_is_the_papers() {
    for dtype in DTYPES {
        let fixture = Fixture::open("minibatch", dtype);
        for case in ["stddev", "stddev_of_six", "stddev_of_one", "stddev_points"] {
            check(case, &fixture, &Params::new(), &|x| minibatch_stddev(x, 4));
        }
    }
}

#[test]
fn derivatives_of_both_orders() {
    let (params, b) = builder(1);
    let layer = MinibatchDiscrimination::new(4, &CONFIG, &LayerConfig::default(), &b).unwrap();
    check_all(&params, &normal(2, &[3, 4]), &|x| layer.forward(x, STILL));
    let (params, b) = builder(1);
    let spectral = LayerConfig::default().with_spectral();
    let layer = MinibatchDiscrimination::new(4, &CONFIG, &spectral, &b).unwrap();
    check_all(&params, &normal(3, &[2, 4]), &|x| layer.forward(x, STILL));
    for n in [2, 3, 4] {
        check_all(&Params::new(), &normal(4, &[n, 2, 2, 1]), &|x| minibatch_stddev(x, 4));
    }
}
