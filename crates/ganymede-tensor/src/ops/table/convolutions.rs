//! The rows of convolutions.

use candle_core::Tensor;

use super::Case;
use super::cases::{case, full, kink, normal, smooth};
use crate::ConvConfig;
use crate::conv::composed as conv;

fn cfg(stride: [usize; 2], padding: [usize; 2], dilation: [usize; 2], groups: usize) -> ConvConfig {
    ConvConfig { stride, padding, dilation, groups }
}

pub(super) fn convolutions() -> Vec<Case> {
    type Shape4 = (usize, usize, usize, usize);
    // The last window of the third does not end at the edge, on one axis only.
    let forward: [(ConvConfig, Shape4, Shape4); 5] = [
        (ConvConfig::default(), (2, 2, 3, 2), (2, 2, 2, 2)),
        (cfg([2, 2], [1, 1], [1, 1], 1), (1, 1, 4, 4), (2, 1, 4, 4)),
        (cfg([2, 2], [1, 1], [1, 1], 1), (1, 1, 4, 5), (2, 1, 3, 3)),
        (cfg([2, 1], [1, 2], [1, 2], 1), (1, 2, 4, 3), (1, 2, 2, 2)),
        (cfg([3, 2], [0, 1], [2, 1], 2), (2, 2, 4, 3), (2, 1, 2, 2)),
    ];
    // The output padding of the last is as wide as its strides or wider: the dilation allows it.
    let transposed: [(ConvConfig, [usize; 2], Shape4, Shape4); 6] = [
        (ConvConfig::default(), [0, 0], (2, 2, 2, 2), (2, 1, 2, 2)),
        (cfg([2, 2], [1, 1], [1, 1], 1), [0, 0], (1, 1, 2, 2), (1, 2, 4, 4)),
        (cfg([2, 2], [1, 1], [1, 1], 1), [1, 1], (1, 1, 2, 3), (1, 1, 3, 3)),
        (cfg([2, 1], [1, 0], [1, 1], 2), [1, 0], (1, 2, 2, 2), (2, 1, 3, 2)),
        (cfg([2, 3], [0, 1], [2, 1], 1), [1, 2], (1, 1, 2, 2), (1, 1, 2, 3)),
        (cfg([1, 2], [0, 1], [2, 3], 1), [1, 2], (1, 1, 2, 2), (1, 2, 2, 2)),
    ];
    let mut cases = Vec::new();
    for (cfg, x, w) in forward {
        let places = vec![
            smooth("moderate", vec![normal(1, x), normal(2, w)]),
            smooth("zero", vec![full(0.0, x), normal(2, w)]),
        ];
        let (public, composed) = (
            move |t: &[Tensor]| crate::conv2d(&t[0], &t[1], cfg),
            move |t: &[Tensor]| conv::conv2d(&t[0], &t[1], cfg),
        );
        cases.push(case(format!("conv2d {cfg:?}"), public, composed, places));
        cases.push(weight_gradient(cfg, x, w));
        cases.push(bias_relu(cfg, x, w));
    }
    for (cfg, output_padding, x, w) in transposed {
        let places = vec![
            smooth("moderate", vec![normal(1, x), normal(2, w)]),
            smooth("zero", vec![full(0.0, x), normal(2, w)]),
        ];
        let (public, composed) = (
            move |t: &[Tensor]| crate::conv_transpose2d(&t[0], &t[1], cfg, output_padding),
            move |t: &[Tensor]| conv::conv_transpose2d(&t[0], &t[1], cfg, output_padding),
        );
        cases.push(case(format!("conv_transpose2d {cfg:?} {output_padding:?}"), public, composed, places));
    }
    cases
}

fn weight_gradient(
    cfg: ConvConfig,
    x: (usize, usize, usize, usize),
    w: (usize, usize, usize, usize),
) -> Case {
    let y = crate::conv2d(&normal(1, x), &normal(2, w), cfg).expect("a convolution");
    let places = vec![smooth("moderate", vec![normal(1, x), normal(2, y.shape())])];
    case(
        format!("conv2d_weight_gradient {cfg:?}"),
        move |t| crate::conv2d_weight_gradient(&t[0], &t[1], [w.2, w.3], cfg),
        move |t| {
            let weight = Tensor::zeros(w, t[0].dtype(), t[0].device())?;
            conv::conv2d_weight_gradient(&t[0], &t[1], &weight, cfg)
        },
        places,
    )
}

fn bias_relu(cfg: ConvConfig, x: (usize, usize, usize, usize), w: (usize, usize, usize, usize)) -> Case {
    let places = vec![
        smooth("moderate", vec![normal(1, x), normal(2, w), normal(3, w.0)]),
        kink("zero", vec![full(0.0, x), normal(2, w), full(0.0, w.0)]),
    ];
    case(
        format!("conv2d_bias_relu {cfg:?}"),
        move |t| crate::conv2d_bias_relu(&t[0], &t[1], &t[2], cfg),
        move |t| conv::conv2d_bias_relu(&t[0], &t[1], &t[2], cfg),
        places,
    )
}
