//! The rows of the table that change resolutions through filters, read images at other places, or scale planes.

use candle_core::Tensor;

use super::Case;
use super::cases::{case, full, kink, normal, numbers, plain, smooth};
use crate::ops::{grid_sample, scale_planes, upfirdn2d};
use crate::{ConvResample, Filter, UpFirDn};

pub(super) fn filters() -> Vec<Case> {
    let four = Filter::separable(&[1.0, 3.0, 3.0, 1.0]).expect("a filter");
    let three = Filter::separable(&[1.0, 2.0, -0.5]).expect("a filter");
    let wide = Filter::full(&[1.0, 2.0, 3.0, -1.0, 0.5, 4.0], [3, 2]).expect("a filter");
    let uneven = UpFirDn { up: [3, 2], down: [2, 3], flip: true, gain: 1.7, ..UpFirDn::filtering(&three) };
    let strided = UpFirDn { down: [3, 1], gain: -0.3, ..UpFirDn::filtering(&wide) };
    let configs = [
        UpFirDn::upsampling(&four, 2),
        UpFirDn::downsampling(&four, 2),
        uneven.padded([2, -1, 0, 3]),
        strided.padded([-1, 2, 1, -1]),
        UpFirDn { down: [2, 3], flip: true, ..UpFirDn::upsampling(&wide, 2) },
        UpFirDn::filtering(&Filter::identity()).padded([-1, 1, 2, -2]),
    ];
    let of = |cfg: UpFirDn| {
        let same = cfg.clone();
        let places = vec![
            smooth("moderate", vec![normal(1, (2, 1, 2, 3))]),
            smooth("batch of one", vec![normal(2, (1, 2, 3, 2))]),
        ];
        let composed = move |t: &[Tensor]| {
            let (axes, taps) = cfg.plan(&t[0])?;
            upfirdn2d::composed::upfirdn2d(&t[0], axes, &taps)
        };
        case(format!("{same:?}"), move |t| crate::upfirdn2d(&t[0], &same), composed, places)
    };
    configs.into_iter().map(of).collect()
}

/// Points of every kind: between pixels, on them, on the border, outside.
pub(super) fn points() -> Vec<Case> {
    let coordinates = [0.1, -0.4, 0.5, -1.0, 1.0, 0.25, -1.2, 0.9, 3.0, -3.0, 0.0, 0.0];
    let grid_for = move |x: &Tensor| {
        let grid = numbers(&coordinates, (1, 3, 2, 2)).to_dtype(x.dtype())?.to_device(x.device())?;
        // Those of the second image are mirrored.
        let both = Tensor::cat(&[&grid, &grid.neg()?], 0)?;
        both.narrow(0, 0, x.dim(0)?)?.contiguous()
    };
    let places = || {
        vec![
            smooth("moderate", vec![normal(1, (2, 2, 3, 2))]),
            smooth("batch of one", vec![normal(2, (1, 1, 3, 3))]),
        ]
    };
    vec![
        case(
            "grid_sample",
            move |t| crate::grid_sample(&t[0], &grid_for(&t[0])?),
            move |t| grid_sample::composed::grid_sample(&t[0], &grid_for(&t[0])?),
            places(),
        ),
        plain(
            "affine_grid",
            |t| crate::affine_grid(&t[0], [2, 3]),
            vec![
                smooth("moderate", vec![normal(1, (2, 2, 3))]),
                smooth("batch of one", vec![normal(2, (1, 2, 3))]),
                smooth("zero", vec![full(0.0, (1, 2, 3))]),
            ],
        ),
    ]
}

pub(super) fn styles() -> Vec<Case> {
    let filter = Filter::separable(&[1.0, 3.0, 3.0, 1.0]).expect("a filter");
    let modulated = |what: &str, up: bool| {
        let filter = filter.clone();
        let call = move |t: &[Tensor]| {
            let resample = if up { ConvResample::Up(&filter) } else { ConvResample::Same };
            crate::modulated_conv2d(&t[0], &t[1], &t[2], true, resample)
        };
        // Demodulation at 0 is smooth, but bends within 1e-4: too sharply for differences.
        let places = vec![
            smooth("moderate", vec![normal(1, (2, 2, 1, 2)), normal(2, (2, 2, 3, 3)), normal(3, (2, 2))]),
            kink("zero style", vec![normal(1, (1, 1, 2, 2)), normal(2, (2, 1, 1, 1)), full(0.0, (1, 1))]),
        ];
        plain(what, call, places)
    };
    vec![
        case(
            "scale_planes",
            |t| crate::scale_planes(&t[0], &t[1]),
            |t| scale_planes::composed::scale_planes(&t[0], &t[1]),
            vec![
                smooth("moderate", vec![normal(1, (2, 3, 1, 2)), normal(2, (2, 3))]),
                smooth("batch of one", vec![normal(1, (1, 1, 2, 2)), normal(2, (1, 1))]),
                smooth("zero", vec![full(0.0, (1, 2, 2, 1)), full(0.0, (1, 2))]),
            ],
        ),
        modulated("modulated_conv2d", false),
        modulated("modulated_conv2d, twice the size", true),
    ]
}
