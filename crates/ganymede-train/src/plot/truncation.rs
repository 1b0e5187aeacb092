//! What truncation does to quality and variety.

use std::path::Path;

use plotters::prelude::{
    ChartBuilder, Circle, DashedLineSeries, EmptyElement, LineSeries, PathElement, SeriesLabelPosition,
};
use plotters::style::{BLACK, Color, IntoFont, RGBColor, ShapeStyle, WHITE};

use super::{Area, DrawResult, FONT, draw};
use crate::error::TrainError;
use crate::evaluate::TruncationPoint;
use crate::sample::TruncationForm;

const SIZE: (u32, u32) = (1100, 520);

/// Draws the first measure over ψ, and precision over recall, a curve for each form; what is not truncated is black.
///
/// # Errors
/// Nothing was measured; the file cannot be written.
pub fn draw_truncation(points: &[TruncationPoint], path: &Path) -> Result<(), TrainError> {
    let first = points.first().and_then(|point| point.quality.values.first());
    let Some(first) = first else {
        let reason = "nothing was measured".to_owned();
        return Err(TrainError::Picture { path: path.to_owned(), reason });
    };
    let title = format!("{} over the threshold of truncation", first.name);
    let measure = first.measure.clone();
    draw(path, SIZE, |area| {
        let panels = area.split_evenly((1, 2));
        let over_psi = panel(points, |point| Some((point.truncation?.psi(), point.quality.value(&measure)?)));
        let whole = points.iter().find(|point| point.truncation.is_none());
        let level = whole.and_then(|point| point.quality.value(&measure));
        chart(&panels[0], [&title, "threshold", &measure], &over_psi, level.map(Mark::Level))?;
        let both = |point: &TruncationPoint| {
            Some((point.quality.value("recall")?, point.quality.value("precision")?))
        };
        let over_recall = panel(points, both);
        let mark = whole.and_then(both).map(Mark::Point);
        chart(&panels[1], ["quality over variety", "recall", "precision"], &over_recall, mark)
    })
}

/// What is not truncated.
enum Mark {
    Level(f64),
    Point((f64, f64)),
}

type Curve = (TruncationForm, Vec<(f64, f64)>);

/// The points of each form, in the order in which they were measured.
fn panel(points: &[TruncationPoint], at: impl Fn(&TruncationPoint) -> Option<(f64, f64)>) -> Vec<Curve> {
    let of = |form: &TruncationForm| {
        let own = points.iter().filter(|point| point.truncation.is_some_and(|t| t.form() == *form));
        let at = own.filter_map(&at).filter(|(x, y)| x.is_finite() && y.is_finite());
        (*form, at.collect::<Vec<_>>())
    };
    TruncationForm::ALL.iter().map(of).filter(|(_, points)| !points.is_empty()).collect()
}

fn colour(form: TruncationForm) -> RGBColor {
    match form {
        TruncationForm::W => RGBColor(31, 119, 180),
        TruncationForm::Norm => RGBColor(214, 96, 20),
        TruncationForm::Resample => RGBColor(44, 140, 60),
        TruncationForm::NormLiteral => RGBColor(130, 90, 160),
    }
}

/// From the least to the largest, with some air.
fn range(values: impl Iterator<Item = f64>) -> std::ops::Range<f64> {
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low > high {
        return 0.0..1.0;
    }
    let air = ((high - low) * 0.08).max(0.02 * high.abs()).max(0.02);
    low - air..high + air
}

fn chart(area: &Area<'_>, [title, x, y]: [&str; 3], curves: &[Curve], mark: Option<Mark>) -> DrawResult {
    let known = curves.iter().flat_map(|(_, points)| points.iter().copied());
    let point = match mark {
        Some(Mark::Point(point)) => Some(point),
        _ => None,
    };
    let level = match mark {
        Some(Mark::Level(level)) => Some(level),
        _ => None,
    };
    let xs = range(known.clone().chain(point).map(|point| point.0));
    let ys = range(known.chain(point).map(|point| point.1).chain(level));
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 20).into_font())
        .margin(10)
        .margin_right(30)
        .x_label_area_size(40)
        .y_label_area_size(64)
        .build_cartesian_2d(xs.clone(), ys)?;
    let mut mesh = chart.configure_mesh();
    mesh.x_desc(x).y_desc(y).x_labels(8).label_style((FONT, 16)).light_line_style(WHITE).draw()?;
    let black = ShapeStyle::from(&BLACK).stroke_width(1);
    if let Some(level) = level {
        let line = DashedLineSeries::new([(xs.start, level), (xs.end, level)], 6, 4, black);
        chart
            .draw_series(line)?
            .label("none")
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], black));
    }
    if let Some(point) = point {
        chart
            .draw_series([Circle::new(point, 5, BLACK.filled())])?
            .label("none")
            .legend(|at| EmptyElement::at(at) + Circle::new((10, 0), 5, BLACK.filled()));
    }
    for (form, points) in curves {
        let colour = colour(*form);
        chart
            .draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)).point_size(3))?
            .label(form.name())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(3)));
    }
    let mut legend = chart.configure_series_labels();
    legend.position(SeriesLabelPosition::UpperRight).label_font((FONT, 16));
    legend.background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.2));
    legend.draw()?;
    Ok(())
}
