//! `curves.png`: losses, scores and gradient norms over the steps.

use std::ops::Range;
use std::path::Path;

use plotters::coord::ranged1d::ValueFormatter;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{
    BitMapBackend, Cartesian2d, ChartBuilder, ChartContext, IntoLogRange, LineSeries, PathElement, Ranged,
    SeriesLabelPosition,
};
use plotters::style::{BLACK, Color, IntoFont, RGBColor, WHITE};

use super::{Area, DrawResult, FONT, draw};
use crate::error::TrainError;
use crate::record::LogEntry;

const SIZE: (u32, u32) = (1100, 1050);
/// More points than this are thinned: they would fall on the same pixels.
const MOST_POINTS: usize = 2000;

const BLUE: RGBColor = RGBColor(31, 119, 180);
const ORANGE: RGBColor = RGBColor(214, 96, 20);
const GREEN: RGBColor = RGBColor(44, 140, 60);

type Chart<'a, 'b, Y> = ChartContext<'a, BitMapBackend<'b>, Cartesian2d<RangedCoordf64, Y>>;

#[derive(Clone)]
struct Curve {
    name: &'static str,
    colour: RGBColor,
    points: Vec<(f64, f64)>,
}

/// Draws the log so far; an empty log gives empty axes.
pub(crate) fn draw_curves(log: &[LogEntry], path: &Path) -> Result<(), TrainError> {
    let last = log.last().map_or(1, |entry| entry.step.max(1)) as f64;
    let curve = |name, colour, value: &str| Curve { name, colour, points: thin(log, value) };
    let losses = [
        curve("discriminator", BLUE, "loss_d"),
        curve("generator", ORANGE, "loss_g"),
        curve("penalty", GREEN, "penalty"),
    ];
    let scores = [curve("D(real)", BLUE, "score_real"), curve("D(generated)", ORANGE, "score_fake")];
    let norms = [curve("discriminator", BLUE, "grad_norm_d"), curve("generator", ORANGE, "grad_norm_g")];
    draw(path, SIZE, |area| {
        let panels = area.split_evenly((3, 1));
        linear_panel(&panels[0], "loss (each player minimises its own)", last, &losses)?;
        linear_panel(&panels[1], "mean raw score", last, &scores)?;
        log_panel(&panels[2], "norm of the whole gradient", last, &norms)
    })
}

fn thin(log: &[LogEntry], value: &str) -> Vec<(f64, f64)> {
    let stride = log.len().div_ceil(MOST_POINTS).max(1);
    let picked = log.iter().step_by(stride);
    let points = picked.filter_map(|entry| Some((entry.step as f64, entry.get(value)?)));
    points.filter(|(_, y)| y.is_finite()).collect()
}

/// The values' range with some air; between the 0.5th and 99.5th hundredths, so that one spike does not
/// flatten all.
fn range(curves: &[Curve], positive: bool) -> Range<f64> {
    let all = curves.iter().flat_map(|curve| curve.points.iter().map(|(_, y)| *y));
    let mut values: Vec<f64> = all.filter(|y| !positive || *y > 0.0).collect();
    values.sort_by(f64::total_cmp);
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return 0.1..1.0 };
    let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    let (low, high) = if values.len() < 50 { (*first, *last) } else { (at(0.005), at(0.995)) };
    if positive {
        return low / 1.5..(high * 1.5).max(low * 1.6);
    }
    let air = ((high - low) * 0.08).max(0.05 * high.abs()).max(1e-3);
    low - air..high + air
}

fn linear_panel(area: &Area<'_>, title: &str, last: f64, curves: &[Curve]) -> DrawResult {
    let y = range(curves, false);
    // Ticks are added up: the one at 0 misses it by a little.
    let nothing = 1e-9 * (y.end - y.start);
    let mut chart = frame(area, title).build_cartesian_2d(0.0..last, y)?;
    finish(&mut chart, curves, nothing)
}

fn log_panel(area: &Area<'_>, title: &str, last: f64, curves: &[Curve]) -> DrawResult {
    let mut positive: Vec<Curve> = curves.to_vec();
    positive.iter_mut().for_each(|curve| curve.points.retain(|(_, y)| *y > 0.0));
    let y = range(&positive, true).log_scale();
    let mut chart = frame(area, title).build_cartesian_2d(0.0..last, y)?;
    finish(&mut chart, &positive, 0.0)
}

fn frame<'a, 'b>(area: &'a Area<'b>, title: &str) -> ChartBuilder<'a, 'b, BitMapBackend<'b>> {
    let mut builder = ChartBuilder::on(area);
    builder.caption(title, (FONT, 22).into_font()).margin(10).margin_right(30);
    builder.x_label_area_size(34).y_label_area_size(70);
    builder
}

/// Draws all; labels of size `nothing` or less are 0.
fn finish<'a, 'b: 'a, Y>(chart: &mut Chart<'a, 'b, Y>, curves: &[Curve], nothing: f64) -> DrawResult
where
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let mut mesh = chart.configure_mesh();
    mesh.x_desc("step").label_style((FONT, 16)).light_line_style(WHITE);
    let label = |y: &f64| short(if y.abs() <= nothing { 0.0 } else { *y });
    mesh.x_label_formatter(&|step| format!("{step:.0}")).y_label_formatter(&label);
    mesh.draw()?;
    for curve in curves.iter().filter(|curve| !curve.points.is_empty()) {
        let colour = curve.colour;
        chart
            .draw_series(LineSeries::new(curve.points.iter().copied(), colour.stroke_width(2)))?
            .label(curve.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(3)));
    }
    let mut legend = chart.configure_series_labels();
    legend.position(SeriesLabelPosition::UpperLeft).label_font((FONT, 16));
    legend.background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.2));
    legend.draw()?;
    Ok(())
}

/// Four digits that matter, without a tail of zeros.
fn short(y: f64) -> String {
    match y.abs() {
        0.0 => "0".to_owned(),
        a if !(1e-3..1e5).contains(&a) => format!("{y:.0e}"),
        _ => {
            let text = format!("{y:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short() {
        let texts: Vec<String> = [0.0, 1.0, -0.25, 1200.0, 3e-7, 2e6].map(short).to_vec();
        assert_eq!(texts, ["0", "1", "-0.25", "1200", "3e-7", "2e6"]);
    }

    #[test]
    fn ranges_hold_for_nothing_constants_and_spikes() {
        let curve = |points: Vec<(f64, f64)>| [Curve { name: "x", colour: BLUE, points }];
        assert_eq!(range(&curve(vec![]), false), 0.1..1.0);
        let flat = range(&curve(vec![(0.0, 2.0), (1.0, 2.0)]), false);
        assert!(flat.start < 2.0 && flat.end > 2.0, "{flat:?}");
        let mut points: Vec<(f64, f64)> = (0..1000).map(|i| (f64::from(i), 1.0)).collect();
        points[500].1 = 1e9;
        let spiked = range(&curve(points), true);
        assert!(spiked.start > 0.0 && spiked.end < 10.0, "{spiked:?}");
    }
}
