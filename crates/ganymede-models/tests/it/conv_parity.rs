//! Linear layers and convolutions with odd options against PyTorch.

use ganymede_models::{
    Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig, LayerConfig, Linear, Mode,
};
use ganymede_tensor::{Builder, ConvConfig, Device, Params, Result, Rng, Tensor, watch};

use crate::support::{DTYPES, Fixture, builder, normal};

type Forward = Box<dyn Fn(&Tensor) -> Result<Tensor>>;

fn check(case: &str, build: impl Fn(&Builder) -> Forward) {
    for dtype in DTYPES {
        let fixture = Fixture::open("convs", dtype);
        let params = Params::new();
        let forward = build(&params.builder(Rng::new(0), dtype, &Device::Cpu));
        params.load_state_dict(&fixture.below(&format!("{case}/state"))).unwrap();
        let x = watch(&fixture.get(&format!("{case}/input"))).unwrap();
        let output = forward(&x).unwrap();
        fixture.assert(&format!("{case}/output"), &output);
        fixture.assert_gradients(case, &params, &x, &output);
    }
}

fn conv(channels: [usize; 2], kernel: [usize; 2], conv: ConvConfig) -> impl Fn(&Builder) -> Forward {
    let config = Conv2dConfig { kernel, conv, ..Conv2dConfig::new(channels[0], channels[1], 1) };
    move |b| {
        let layer = Conv2d::new(&config, b).unwrap();
        Box::new(move |x| layer.forward(x, Mode::Eval))
    }
}

fn transposed(
    channels: [usize; 2],
    kernel: [usize; 2],
    conv: ConvConfig,
    output_padding: [usize; 2],
) -> impl Fn(&Builder) -> Forward {
    let plain = ConvTranspose2dConfig::new(channels[0], channels[1], 1);
    let config = ConvTranspose2dConfig { kernel, conv, output_padding, ..plain };
    move |b| {
        let layer = ConvTranspose2d::new(&config, b).unwrap();
        Box::new(move |x| layer.forward(x, Mode::Eval))
    }
}

fn options(stride: [usize; 2], padding: [usize; 2], dilation: [usize; 2], groups: usize) -> ConvConfig {
    ConvConfig { stride, padding, dilation, groups }
}

#[test]
fn linear() {
    check("linear", |b| {
        let layer = Linear::new(7, 5, &LayerConfig::default(), b).unwrap();
        Box::new(move |x| layer.forward(x, Mode::Eval))
    });
}

#[test]
fn convolutions() {
    let one = [1, 1];
    check("plain", conv([3, 4], [3, 3], options(one, [0, 0], one, 1)));
    check("pointwise", conv([3, 5], [1, 1], options(one, [0, 0], one, 1)));
    check("strided", conv([2, 3], [3, 5], options([2, 3], [1, 2], one, 1)));
    check("dilated", conv([2, 3], [3, 2], options(one, [2, 1], [2, 3], 1)));
    check("grouped", conv([6, 9], [3, 3], options([3, 2], [0, 1], one, 3)));
    check("depthwise", conv([4, 4], [1, 7], options(one, [0, 3], one, 4)));
    check("everything", conv([4, 6], [3, 2], options([2, 3], [3, 1], [3, 2], 2)));
}

#[test]
fn transposed_convolutions() {
    let one = [1, 1];
    check("t_plain", transposed([3, 4], [3, 3], options(one, [0, 0], one, 1), [0, 0]));
    check("t_doubling", transposed([3, 2], [4, 4], options([2, 2], [1, 1], one, 1), [0, 0]));
    check("t_grouped", transposed([4, 6], [3, 3], options([2, 3], [1, 0], one, 2), [0, 0]));
    check("t_everything", transposed([4, 6], [3, 2], options([2, 3], [2, 1], [3, 2], 2), [1, 2]));
}

#[test]
fn wrong_sizes_are_refused() {
    let (_, b) = builder(1);
    let grouped =
        Conv2dConfig { conv: ConvConfig { groups: 2, ..Default::default() }, ..Conv2dConfig::new(3, 4, 3) };
    let error = Conv2d::new(&grouped, &b).unwrap_err().to_string();
    assert!(error.contains("groups 2 must divide 3 and 4"), "{error}");
    assert!(Conv2d::new(&Conv2dConfig::new(3, 4, 0), &b).is_err());
    assert!(ConvTranspose2d::new(&ConvTranspose2dConfig::new(0, 4, 3), &b).is_err());
    assert!(Linear::new(0, 4, &LayerConfig::default(), &b).is_err());

    let layer = Conv2d::new(&Conv2dConfig::new(3, 4, 3), &b.pp("a")).unwrap();
    let error = layer.forward(&normal(1, &[1, 2, 5, 5]), Mode::Eval).unwrap_err().to_string();
    assert!(error.contains("[1, 2, 5, 5]") && error.contains("(N, 3, H, W)"), "{error}");
    let layer = Linear::new(3, 4, &LayerConfig::without_bias(), &b.pp("b")).unwrap();
    let error = layer.forward(&normal(1, &[1, 2]), Mode::Eval).unwrap_err().to_string();
    assert!(error.contains("[1, 2]") && error.contains("(N, 3)"), "{error}");
}
