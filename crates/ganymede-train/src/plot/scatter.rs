//! Points of the plane: real ones, generated ones, and the known modes.

use std::path::Path;

use plotters::prelude::{ChartBuilder, Circle, Cross, EmptyElement, SeriesLabelPosition};
use plotters::style::{BLACK, Color, IntoFont, RGBColor, WHITE};

use super::{FONT, draw};
use crate::error::TrainError;

const SIZE: (u32, u32) = (720, 760);
const REAL: RGBColor = RGBColor(150, 160, 175);
const GENERATED: RGBColor = RGBColor(214, 96, 20);

/// What to draw.
pub(crate) struct Scatter<'a> {
    pub(crate) title: String,
    pub(crate) real: &'a [[f32; 2]],
    pub(crate) generated: &'a [[f32; 2]],
    /// Known centres; empty where there are none.
    pub(crate) centres: &'a [[f32; 2]],
}

/// Draws real points grey, generated points over them, and a cross on each known mode.
pub(crate) fn draw_scatter(scatter: &Scatter<'_>, path: &Path) -> Result<(), TrainError> {
    // The frame follows the real points, so that pictures of different steps can be laid side by side.
    let framing = if scatter.real.is_empty() { scatter.generated } else { scatter.real };
    let points = framing.iter().chain(scatter.centres).flatten().filter(|x| x.is_finite());
    let reach = points.fold(1e-3f32, |m, x| m.max(x.abs()));
    let frame = f64::from(reach) * 1.25;
    let inside = |p: &&[f32; 2]| p.iter().all(|x| f64::from(x.abs()) <= frame);
    // Points that fled the frame are the picture's news, so they are counted where they cannot be seen.
    let title = match scatter.generated.iter().filter(|p| !inside(p)).count() {
        0 => scatter.title.clone(),
        fled => format!("{}, {fled} of them outside this frame", scatter.title),
    };
    draw(path, SIZE, |area| {
        let mut chart = ChartBuilder::on(area)
            .caption(&title, (FONT, 20).into_font())
            .margin(12)
            .x_label_area_size(28)
            .y_label_area_size(44)
            .build_cartesian_2d(-frame..frame, -frame..frame)?;
        chart.configure_mesh().label_style((FONT, 15)).light_line_style(WHITE).draw()?;
        let at = |p: &[f32; 2]| (f64::from(p[0]), f64::from(p[1]));
        let dots = scatter.real.iter().filter(inside);
        chart
            .draw_series(dots.map(|p| Circle::new(at(p), 2, REAL.mix(0.6).filled())))?
            .label("real")
            .legend(|at| EmptyElement::at(at) + Circle::new((10, 0), 4, REAL.filled()));
        let dots = scatter.generated.iter().filter(inside);
        chart
            .draw_series(dots.map(|p| Circle::new(at(p), 2, GENERATED.mix(0.7).filled())))?
            .label("generated")
            .legend(|at| EmptyElement::at(at) + Circle::new((10, 0), 4, GENERATED.filled()));
        chart.draw_series(scatter.centres.iter().map(|p| Cross::new(at(p), 5, BLACK)))?;
        let mut legend = chart.configure_series_labels();
        legend
            .position(SeriesLabelPosition::UpperLeft)
            .label_font((FONT, 15))
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.2));
        legend.draw()?;
        Ok(())
    })
}
