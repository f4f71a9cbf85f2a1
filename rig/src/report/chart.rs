//! Draws throughput, latency, connected clients and faults over time, as SVG.

use std::ops::Range;

use anyhow::Result;
use plotters::{
    coord::{Shift, types::RangedCoordf64},
    prelude::*,
};

use super::time_series::TimeSeries;
use crate::stats::format_grouped;

const SIZE: (u32, u32) = (1_120, 840);
const FONT: &str = "system-ui,'DejaVu Sans',sans-serif";
const LABEL_PX: u32 = 12;
/// The estimated width of a character of a label, in pixels.
const CHARACTER_PX: f64 = 6.6;
const COLORS: [RGBColor; 2] = [RGBColor(23, 105, 194), RGBColor(179, 72, 10)];
const FAULT_COLOR: RGBColor = RGBColor(212, 58, 58);

/// One of the diagrams below each other.
struct Panel<'a> {
    title: &'a str,
    /// The name and the values of each line. A single line has an empty name.
    lines: Vec<(&'a str, Vec<Option<f64>>)>,
    /// Whether the y axis is logarithmic. If so, the values are decimal logarithms.
    is_log: bool,
}

/// Draws the chart and returns the SVG.
pub fn draw(title: &str, series: &TimeSeries) -> Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let root = root.titled(title, (FONT, 16))?;
        let panels = panels(series);
        let areas = root.split_evenly((panels.len(), 1));
        for (nth, (panel, area)) in panels.iter().zip(&areas).enumerate() {
            draw_panel(area, panel, series, nth == 0)?;
        }
        root.present()?;
    }
    Ok(svg)
}

fn panels(series: &TimeSeries) -> Vec<Panel<'_>> {
    let linear = |title, values: &[f64]| {
        let lines = vec![("", values.iter().copied().map(Some).collect())];
        Panel { title, lines, is_log: false }
    };
    let log10 =
        |ms: &[Option<f64>]| ms.iter().map(|ms| ms.map(|ms| ms.max(0.01).log10())).collect();
    let latencies =
        vec![("ack", log10(&series.ack_p99_ms)), ("delivery", log10(&series.delivery_p99_ms))];
    let title = "Latency p99 by time of sending, retries included (ms)";
    vec![
        linear("Sent (messages/s)", &series.sends),
        linear("Delivered to all readers (messages/s)", &series.deliveries),
        Panel { title, lines: latencies, is_log: true },
        linear("Connected clients in sync", &series.connected),
    ]
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn draw_panel(
    area: &Area<'_>,
    panel: &Panel,
    series: &TimeSeries,
    has_fault_names: bool,
) -> Result<()> {
    let y_range = y_range(panel);
    let (seconds, top) = (series.seconds(), y_range.end);
    let mut chart = ChartBuilder::on(area)
        .caption(panel.title, (FONT, 13))
        .margin_right(24)
        .x_label_area_size(24)
        .y_label_area_size(78)
        .build_cartesian_2d(0.0..seconds, y_range.clone())?;
    let label =
        |value: &f64| format_grouped(if panel.is_log { 10_f64.powf(*value) } else { *value });
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .label_style((FONT, LABEL_PX))
        .x_labels(12)
        .y_labels(5)
        .x_label_formatter(&|seconds| format!("{} s", format_grouped(*seconds)))
        .y_label_formatter(&label)
        .draw()?;
    chart.draw_series(series.faults.iter().map(|fault| {
        let corner = |us: u64, y| (us as f64 / 1e6, y);
        let corners = [corner(fault.from_us, y_range.start), corner(fault.to_us, top)];
        Rectangle::new(corners, FAULT_COLOR.mix(0.12).filled())
    }))?;
    if has_fault_names {
        let names = fault_names(series);
        let style = (FONT, LABEL_PX).into_font().color(&FAULT_COLOR);
        chart.draw_series(names.map(|(at, name)| Text::new(name, (at, top), style.clone())))?;
    }
    draw_lines(&mut chart, panel, series)?;
    if panel.lines.len() > 1 {
        let labels = &mut chart.configure_series_labels();
        labels.position(SeriesLabelPosition::UpperRight).label_font((FONT, LABEL_PX)).draw()?;
    }
    Ok(())
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

fn draw_lines<'a>(chart: &mut Chart<'a, '_>, panel: &Panel, series: &TimeSeries) -> Result<()> {
    let slice_s = series.slice_us as f64 / 1e6;
    for ((name, values), color) in panel.lines.iter().zip(COLORS) {
        for points in split_at_gaps(values, slice_s) {
            if let [point] = points[..] {
                chart.draw_series([Circle::new(point, 2, color.filled())])?;
            } else {
                chart.draw_series(LineSeries::new(points, color.stroke_width(2)))?;
            }
        }
        if !name.is_empty() {
            let key = move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2));
            let legend_entry = LineSeries::new(Vec::new(), color);
            chart.draw_series(legend_entry)?.label(*name).legend(key);
        }
    }
    Ok(())
}

fn y_range(panel: &Panel) -> Range<f64> {
    let values = || panel.lines.iter().flat_map(|(_, values)| values).copied().flatten();
    let max = values().fold(1.0, f64::max);
    match panel.is_log {
        true => values().fold(0.0, f64::min).floor()..max.ceil(),
        false => 0.0..max * 1.1,
    }
}

/// Splits values at slices without a value. Each point is in the middle of its slice.
fn split_at_gaps(values: &[Option<f64>], slice_s: f64) -> impl Iterator<Item = Vec<(f64, f64)>> {
    let points = values
        .iter()
        .enumerate()
        .map(move |(nth, value)| value.map(|value| ((nth as f64 + 0.5) * slice_s, value)));
    let points: Vec<Option<(f64, f64)>> = points.collect();
    let runs: Vec<Vec<_>> =
        points.split(Option::is_none).map(|run| run.iter().flatten().copied().collect()).collect();
    runs.into_iter().filter(|run| !run.is_empty())
}

/// The start (in seconds) and the name of each fault whose name does not overlap the previous one.
fn fault_names(series: &TimeSeries) -> impl Iterator<Item = (f64, String)> {
    let character_s = CHARACTER_PX * series.seconds() / f64::from(SIZE.0);
    let mut free_from = 0.0;
    series.faults.iter().filter_map(move |fault| {
        let start = fault.from_us as f64 / 1e6;
        (start >= free_from).then(|| {
            free_from = start + (fault.name.chars().count() + 2) as f64 * character_s;
            (start, fault.name.clone())
        })
    })
}
