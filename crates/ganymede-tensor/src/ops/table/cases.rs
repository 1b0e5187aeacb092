//! The rows of the table.

use candle_core::{DType, Device, Result, Shape, Tensor};
use ganymede_kernels::transformer::Heads;

use super::{Case, Operation, Place};
use crate::ops::channels::layout;
use crate::ops::{
    avg_pool, batch_norm, channel_bias, closeness, gelu, global_avg_pool, layer_norm, leaky_relu,
    pairwise_l1, pixel_norm, pool2d, self_attention, sigmoid, softplus, tanh, upsample_nearest,
};
use crate::{BiasAct, Pooling, Rng, WindowConfig};

pub(super) fn normal(seed: u64, shape: impl Into<Shape>) -> Tensor {
    Rng::new(seed).normal(shape, DType::F64, &Device::Cpu).expect("numbers")
}

pub(super) fn numbers(values: &[f64], shape: impl Into<Shape>) -> Tensor {
    Tensor::from_slice(values, shape, &Device::Cpu).expect("numbers of that shape")
}

pub(super) fn full(value: f64, shape: impl Into<Shape>) -> Tensor {
    Tensor::full(value, shape, &Device::Cpu).expect("numbers")
}

pub(super) fn smooth(what: &'static str, tensors: Vec<Tensor>) -> Place {
    Place { what, tensors, smooth: true }
}

pub(super) fn kink(what: &'static str, tensors: Vec<Tensor>) -> Place {
    Place { what, tensors, smooth: false }
}

pub(super) fn case(
    name: impl Into<String>,
    public: impl Fn(&[Tensor]) -> Result<Tensor> + 'static,
    composed: impl Fn(&[Tensor]) -> Result<Tensor> + 'static,
    places: Vec<Place>,
) -> Case {
    Case { name: name.into(), public: Box::new(public), composed: Some(Box::new(composed)), places }
}

pub(super) fn plain(
    name: impl Into<String>,
    public: impl Fn(&[Tensor]) -> Result<Tensor> + 'static,
    places: Vec<Place>,
) -> Case {
    let public: Operation = Box::new(public);
    Case { name: name.into(), public, composed: None, places }
}

pub(super) fn elementwise() -> Vec<Case> {
    let places = |at_zero: fn(&'static str, Vec<Tensor>) -> Place| {
        vec![
            smooth("moderate", vec![numbers(&[0.3, -0.7, 1.1, -2.0], (2, 2))]),
            smooth("saturated", vec![numbers(&[-100.0, -40.0, -18.0, 18.0, 40.0, 100.0], 6)]),
            smooth("batch of one", vec![numbers(&[0.5], (1, 1, 1, 1))]),
            at_zero("zero", vec![numbers(&[0.0, 0.0], 2)]),
        ]
    };
    type Unary = fn(&Tensor) -> Result<Tensor>;
    let rows: [(&str, Unary, Unary, bool); 7] = [
        ("softplus", crate::softplus, softplus::composed::softplus, true),
        ("log_sigmoid", crate::log_sigmoid, softplus::composed::log_sigmoid, true),
        ("sigmoid", crate::sigmoid, sigmoid::composed::sigmoid, true),
        ("tanh", crate::tanh, tanh::composed::tanh, true),
        ("gelu", crate::gelu, gelu::composed::gelu, true),
        ("relu", crate::relu, |x| leaky_relu::composed::leaky_relu(x, 0.0), false),
        ("leaky_relu", |x| crate::leaky_relu(x, 0.2), |x| leaky_relu::composed::leaky_relu(x, 0.2), false),
    ];
    rows.into_iter()
        .map(|(name, public, composed, is_smooth)| {
            let at_zero = if is_smooth { smooth } else { kink };
            case(name, move |t| public(&t[0]), move |t| composed(&t[0]), places(at_zero))
        })
        .collect()
}

pub(super) fn rows() -> Vec<Case> {
    let logits = || {
        vec![
            smooth("moderate", vec![normal(1, (2, 3))]),
            smooth("saturated", vec![numbers(&[100.0, -100.0, 0.0, 40.0, 39.0, -40.0], (2, 3))]),
            smooth("tie", vec![full(1.0, (2, 3))]),
            smooth("batch of one", vec![normal(2, (1, 3))]),
        ]
    };
    let gains = || vec![normal(2, 4), normal(3, 4)];
    let with = |x: Tensor| [vec![x], gains()].concat();
    let normalised = vec![
        smooth("moderate", with(normal(1, (2, 4)))),
        smooth("large", with(normal(1, (2, 4)).affine(30.0, 100.0).expect("numbers"))),
        smooth("zero", with(full(0.0, (2, 4)))),
        smooth("batch of one", with(normal(4, (1, 1, 4)))),
    ];
    let heads =
        |t: &Tensor| Ok::<_, candle_core::Error>(Heads { tokens: t.dim(1)?, heads: 2, dim: t.dim(2)? / 6 });
    vec![
        plain("softmax", |t| crate::softmax(&t[0], 1), logits()),
        plain("log_softmax", |t| crate::log_softmax(&t[0], 1), logits()),
        plain(
            "linear",
            |t| crate::linear(&t[0], &t[1], Some(&t[2])),
            vec![
                smooth("moderate", vec![normal(1, (2, 3)), normal(2, (2, 3)), normal(3, 2)]),
                smooth("zero", vec![full(0.0, (2, 3)), normal(2, (2, 3)), full(0.0, 2)]),
                smooth("batch of one", vec![normal(1, (1, 3)), normal(2, (2, 3)), normal(3, 2)]),
            ],
        ),
        case(
            "pairwise_l1",
            |t| crate::pairwise_l1(&t[0]),
            |t| pairwise_l1::composed::pairwise_l1(&t[0]),
            vec![
                smooth("moderate", vec![normal(1, (3, 2, 2))]),
                smooth("batch of one", vec![normal(2, (1, 2, 3))]),
                kink("tie", vec![full(1.0, (2, 2, 1))]),
            ],
        ),
        case(
            "closeness",
            |t| crate::closeness(&t[0]),
            |t| closeness::composed::closeness(&t[0]),
            vec![
                smooth("moderate", vec![normal(1, (3, 3, 2))]),
                smooth("saturated", vec![full(800.0, (2, 2, 1))]),
                smooth("zero", vec![full(0.0, (2, 2, 2))]),
                smooth("batch of one", vec![normal(2, (1, 1, 3))]),
            ],
        ),
        plain(
            "l2_norm",
            |t| crate::l2_norm(&t[0], 1e-12),
            vec![
                smooth("moderate", vec![normal(1, (2, 1, 3))]),
                smooth("batch of one", vec![normal(2, (1, 3))]),
                kink("zero", vec![full(0.0, (2, 3))]),
            ],
        ),
        case(
            "layer_norm",
            |t| crate::layer_norm(&t[0], &t[1], &t[2], 0.1),
            |t| layer_norm::composed::layer_norm(&t[0], &t[1], &t[2], 0.1),
            normalised,
        ),
        case(
            "self_attention",
            |t| crate::self_attention(&t[0], 2),
            move |t| self_attention::composed::self_attention(&t[0], heads(&t[0])?),
            vec![
                smooth("moderate", vec![normal(1, (2, 2, 6))]),
                smooth("saturated", vec![(normal(1, (1, 3, 6)) * 5.0).expect("numbers")]),
                smooth("tie", vec![full(0.5, (1, 2, 12))]),
                smooth("zero", vec![full(0.0, (1, 2, 6))]),
                smooth("one token", vec![normal(3, (1, 1, 6))]),
            ],
        ),
    ]
}

pub(super) fn channels() -> Vec<Case> {
    let bias = |shape: &[usize]| vec![normal(1, shape), normal(2, shape[1])];
    let biased = |slope: f64| {
        let zero = vec![full(-0.5, (2, 2)), full(0.5, 2)];
        vec![
            smooth("images", bias(&[2, 3, 1, 2])),
            smooth("rows", bias(&[3, 2])),
            smooth("batch of one", bias(&[1, 2, 2, 1])),
            if slope == 1.0 { smooth("zero", zero) } else { kink("zero", zero) },
        ]
    };
    let normalised = || {
        let with = |x: Tensor| {
            let c = x.dim(1).expect("a channel");
            vec![x, normal(2, c), normal(3, c)]
        };
        vec![
            smooth("images", with(normal(1, (2, 2, 1, 2)))),
            smooth("rows", with(normal(1, (3, 2)))),
            smooth("batch of one", with(normal(4, (1, 2, 2, 2)))),
            smooth("large", with(normal(1, (3, 2)).affine(30.0, 100.0).expect("numbers"))),
            smooth("constant", with(full(1.0, (3, 2)))),
        ]
    };
    let norm = |slope: f64| {
        let name = format!("batch_norm_leaky_relu of slope {slope}");
        let public =
            move |t: &[Tensor]| Ok(crate::batch_norm_leaky_relu(&t[0], &t[1], &t[2], 0.1, slope)?.output);
        let composed = move |t: &[Tensor]| {
            let l = layout("table", &t[0])?;
            Ok(batch_norm::composed::batch_norm(&t[0], &t[1], &t[2], l, (0.1, slope))?.output)
        };
        case(name, public, composed, normalised())
    };
    // What is reported of the batch has no gradient: none is looked for by differences.
    let statistics = || {
        let joined = |found: crate::Normalized| Tensor::cat(&[found.mean, found.var], 0);
        let public = move |t: &[Tensor]| joined(crate::batch_norm(&t[0], &t[1], &t[2], 0.1)?);
        let composed = move |t: &[Tensor]| {
            let l = layout("table", &t[0])?;
            joined(batch_norm::composed::batch_norm(&t[0], &t[1], &t[2], l, (0.1, 1.0))?)
        };
        let places = normalised().into_iter().map(|place| Place { smooth: false, ..place }).collect();
        case("statistics of batch_norm", public, composed, places)
    };
    let bias_of = |slope: f64| {
        let composed = move |t: &[Tensor]| channel_bias::composed::biased(&t[0], &t[1], slope);
        let name = format!("add_channel_bias_leaky_relu of slope {slope}");
        let public = move |t: &[Tensor]| crate::add_channel_bias_leaky_relu(&t[0], &t[1], slope);
        case(name, public, composed, biased(slope))
    };
    let act_of = |act: BiasAct| {
        let public = move |t: &[Tensor]| crate::bias_act(&t[0], &t[1], act);
        let composed = move |t: &[Tensor]| channel_bias::composed::bias_act(&t[0], &t[1], act);
        let places = vec![
            smooth("images", bias(&[2, 2, 1, 2])),
            smooth("rows", bias(&[3, 2])),
            smooth("bounded", vec![numbers(&[9.0, -8.0, 0.3, 40.0, -100.0, -0.2], (3, 2)), full(0.1, 2)]),
            kink("zero", vec![full(-0.5, (1, 2)), full(0.5, 2)]),
            kink("at the bound", vec![numbers(&[1.0, -2.0], (1, 2)), full(0.0, 2)]),
        ];
        case(format!("{act:?}"), public, composed, places)
    };
    vec![
        act_of(BiasAct { slope: 0.2, gain: 2f64.sqrt(), clamp: None }),
        act_of(BiasAct { slope: 0.5, gain: 2.0, clamp: Some(2.0) }),
        act_of(BiasAct { slope: 1.0, gain: 1.0, clamp: Some(1.0) }),
        case(
            "add_channel_bias",
            |t| crate::add_channel_bias(&t[0], &t[1]),
            |t| channel_bias::composed::biased(&t[0], &t[1], 1.0),
            biased(1.0),
        ),
        bias_of(0.2),
        bias_of(0.0),
        case(
            "pixel_norm",
            |t| crate::pixel_norm(&t[0], 0.1),
            |t| pixel_norm::composed::pixel_norm(&t[0], 0.1),
            vec![
                smooth("images", vec![normal(1, (2, 3, 1, 2))]),
                smooth("rows", vec![normal(2, (3, 2))]),
                smooth("batch of one", vec![normal(3, (1, 2, 2, 1))]),
                smooth("large", vec![normal(4, (2, 3)).affine(30.0, 100.0).expect("numbers")]),
                smooth("zero", vec![full(0.0, (2, 2))]),
            ],
        ),
        norm(1.0),
        statistics(),
        norm(0.2),
        norm(0.0),
    ]
}

pub(super) fn resolution() -> Vec<Case> {
    let images = || {
        vec![
            smooth("moderate", vec![normal(1, (2, 4, 2, 2))]),
            smooth("zero", vec![full(0.0, (1, 4, 2, 2))]),
            smooth("batch of one", vec![normal(2, (1, 4, 2, 4))]),
        ]
    };
    vec![
        case(
            "upsample_nearest2d",
            |t| crate::upsample_nearest2d(&t[0], 2),
            |t| upsample_nearest::composed::upsample_nearest2d(&t[0], 2),
            images(),
        ),
        plain("upsample_bilinear2d", |t| crate::upsample_bilinear2d(&t[0], [3, 5]), images()),
        plain("pad2d", |t| crate::pad2d(&t[0], [1, 0, 2, 1]), images()),
        plain("pad2d_reflect", |t| crate::pad2d_reflect(&t[0], [1, 0, 1, 1]), images()),
        plain("pixel_shuffle", |t| crate::pixel_shuffle(&t[0], 2), images()),
        plain("pixel_unshuffle", |t| crate::pixel_unshuffle(&t[0], 2), images()),
    ]
}

pub(super) fn windows() -> Vec<Case> {
    let images = |is_smooth: bool| {
        let at = if is_smooth { smooth } else { kink };
        vec![
            smooth("moderate", vec![normal(1, (2, 1, 4, 4))]),
            smooth("batch of one", vec![normal(2, (1, 2, 4, 2))]),
            at("zero", vec![full(0.0, (1, 1, 2, 4))]),
        ]
    };
    let ties = || {
        let tie = kink("tie", vec![full(1.5, (1, 1, 4, 4))]);
        images(false).into_iter().chain([tie]).collect::<Vec<_>>()
    };
    let mut cases = vec![
        case(
            "avg_pool2d",
            |t| crate::avg_pool2d(&t[0], 2),
            |t| avg_pool::composed::avg_pool2d(&t[0], 2),
            images(true),
        ),
        plain("max_pool2d", |t| crate::max_pool2d(&t[0], 2), ties()),
        case(
            "global_avg_pool2d",
            |t| crate::global_avg_pool2d(&t[0]),
            |t| global_avg_pool::composed::global_avg_pool2d(&t[0]),
            images(true),
        ),
    ];
    let configs = [([3, 2], [2, 1], [1, 0]), ([2, 2], [2, 2], [0, 0]), ([3, 3], [2, 2], [1, 1])];
    for (kernel, stride, padding) in configs {
        let cfg = WindowConfig { kernel, stride, padding };
        for pooling in [Pooling::Max, Pooling::MeanInside] {
            let is_max = pooling == Pooling::Max;
            cases.push(case(
                format!("pool2d {pooling:?} {kernel:?} {stride:?} {padding:?}"),
                move |t| crate::pool2d(&t[0], pooling, cfg),
                move |t| {
                    let g = pool2d::windows(&t[0], cfg)?;
                    pool2d::composed::pool2d(&t[0], pooling, &g)
                },
                if is_max { ties() } else { images(true) },
            ));
        }
    }
    cases
}
