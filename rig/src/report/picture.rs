//! The timeline: throughput, latency, who was there, and what was broken meanwhile.

use std::fmt::Write;

use super::{
    axis::{Axis, step, written},
    series::Series,
};

const WIDTH: f64 = 1_120.0;
const LEFT: f64 = 78.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 74.0;
const PANEL: f64 = 128.0;
const BETWEEN: f64 = 46.0;
const BOTTOM: f64 = 48.0;

/// Colours as plain rules, for programs that draw SVG and know no variables.
const STYLE: &str = "\
text{font:12px system-ui,'DejaVu Sans',sans-serif;fill:#5b6577}.ground{fill:#fff}\
.title{font-size:15px;font-weight:600}.title,.panel{fill:#1c2330}.panel{font-weight:600}\
.grid{stroke:#e3e7ee}.axis{stroke:#8b94a5;fill:none}\
.line{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}\
.line.one{stroke:#1769c2}.line.two{stroke:#b3480a}.dot.one{fill:#1769c2}.dot.two{fill:#b3480a}\
.band{fill:#d43a3a;fill-opacity:.1}.edge{stroke:#d43a3a;stroke-opacity:.5}.fault{fill:#c02626}\
@media (prefers-color-scheme:dark){text{fill:#9aa5b8}.ground{fill:#12161d}\
.title,.panel{fill:#e6eaf2}.grid{stroke:#29313e}.axis{stroke:#677286}\
.line.one{stroke:#6cb0ff}.line.two{stroke:#ffa45c}.dot.one{fill:#6cb0ff}.dot.two{fill:#ffa45c}\
.band{fill:#ff6b6b;fill-opacity:.16}.edge{stroke:#ff6b6b}.fault{fill:#ff8080}}";

/// One diagram of the picture.
struct Panel<'a> {
    title: &'a str,
    unit: &'a str,
    axis: Axis,
    lines: Vec<(&'a str, Vec<Option<f64>>)>,
}

/// Draws a run as SVG, which needs nothing else and follows the reader's light or dark.
pub fn draw(title: &str, series: &Series) -> String {
    let panels = panels(series);
    let height = TOP + panels.len() as f64 * (PANEL + BETWEEN) - BETWEEN + BOTTOM;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\
         <title>{}</title><style>{STYLE}</style>\
         <rect width=\"{WIDTH}\" height=\"{height}\" class=\"ground\"/>\
         <text class=\"title\" x=\"{LEFT}\" y=\"28\">{}</text>",
        escape(title),
        escape(title)
    );
    let foot = height - BOTTOM;
    bands(&mut svg, series, foot);
    for (index, panel) in panels.iter().enumerate() {
        let top = TOP + index as f64 * (PANEL + BETWEEN);
        draw_panel(&mut svg, panel, top, series.seconds());
    }
    times(&mut svg, series.seconds(), foot);
    svg + "</svg>\n"
}

fn panels(series: &Series) -> Vec<Panel<'static>> {
    let all = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
    let linear = |values: &[f64]| Axis::linear(values.iter().copied());
    let (acks, deliveries) = (&series.ack_p99_ms, &series.delivery_p99_ms);
    vec![
        Panel {
            title: "Sent",
            unit: "messages/s",
            axis: linear(&series.sends),
            lines: vec![("sent", all(&series.sends))],
        },
        Panel {
            title: "Delivered",
            unit: "messages/s, every reader counted",
            axis: linear(&series.deliveries),
            lines: vec![("delivered", all(&series.deliveries))],
        },
        Panel {
            title: "Latency p99",
            unit: "ms, by the time of sending, retries included",
            axis: Axis::log(acks.iter().chain(deliveries).copied().flatten()),
            lines: vec![("ack", acks.clone()), ("delivery", deliveries.clone())],
        },
        Panel {
            title: "Connected",
            unit: "clients who miss nothing",
            axis: linear(&series.here),
            lines: vec![("connected", all(&series.here))],
        },
    ]
}

/// The faults behind everything, each with its name above if there is room for it.
fn bands(svg: &mut String, series: &Series, foot: f64) {
    let mut free = [LEFT; 2];
    for band in &series.bands {
        let x = |at_us: u64| place(at_us as f64 / 1e6, series.seconds());
        let (from, to) = (x(band.from_us), x(band.to_us));
        let (top, width, height) = (TOP - 12.0, (to - from).max(1.5), foot - TOP + 12.0);
        let seconds = written((band.to_us - band.from_us) as f64 / 1e6);
        let name = escape(&band.name);
        let _ = write!(
            svg,
            "<rect class=\"band\" x=\"{from:.1}\" y=\"{top}\" width=\"{width:.1}\" \
             height=\"{height}\"><title>{name}: {seconds} s</title></rect>\
             <path class=\"edge\" d=\"M{from:.1} {top}v{height}\"/>"
        );
        // About 6.6 units for a character of this size.
        let length = band.name.chars().count() as f64 * 6.6;
        let start = from.min(WIDTH - RIGHT - length);
        if let Some(row) = free.iter().position(|free| start >= *free) {
            free[row] = start + length + 10.0;
            let y = TOP - 18.0 - row as f64 * 14.0;
            let _ = write!(svg, "<text class=\"fault\" x=\"{start:.1}\" y=\"{y}\">{name}</text>");
        }
    }
}

fn draw_panel(svg: &mut String, panel: &Panel, top: f64, seconds: f64) {
    let (right, foot) = (WIDTH - RIGHT, top + PANEL);
    for (value, text) in panel.axis.ticks() {
        let y = foot - panel.axis.place(value) * PANEL;
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
            LEFT - 8.0,
            y + 4.0
        );
    }
    let y = top - 8.0;
    let _ = write!(
        svg,
        "<path class=\"axis\" d=\"M{LEFT} {top}V{foot}H{right}\"/>\
         <text x=\"{LEFT}\" y=\"{y}\"><tspan class=\"panel\">{}</tspan>  {}</text>",
        panel.title, panel.unit
    );
    for (index, (name, values)) in panel.lines.iter().enumerate() {
        let class = ["one", "two"][index];
        line(svg, class, values, &panel.axis, (foot, seconds));
        if panel.lines.len() > 1 {
            let x = right - 160.0 + index as f64 * 70.0;
            let _ = write!(
                svg,
                "<path class=\"line {class}\" d=\"M{x} {0}h18\"/><text x=\"{1}\" y=\"{y}\">{name}</text>",
                y - 4.0,
                x + 24.0
            );
        }
    }
}

/// A line that is interrupted where there is no value; a value without neighbours is a dot.
fn line(svg: &mut String, class: &str, values: &[Option<f64>], axis: &Axis, frame: (f64, f64)) {
    let (foot, seconds) = frame;
    let slice = seconds / values.len() as f64;
    let (mut path, mut dots) = (String::new(), String::new());
    let is_there = |index: Option<usize>| index.and_then(|i| *values.get(i)?).is_some();
    for (index, value) in values.iter().enumerate() {
        let Some(value) = value else { continue };
        let x = place((index as f64 + 0.5) * slice, seconds);
        let y = foot - axis.place(*value) * PANEL;
        let (before, after) = (is_there(index.checked_sub(1)), is_there(Some(index + 1)));
        if before || after {
            let _ = write!(path, "{}{x:.1} {y:.1}", if before { 'L' } else { 'M' });
        } else {
            let _ = write!(
                dots,
                "<circle class=\"dot {class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"1.8\"/>"
            );
        }
    }
    let _ = write!(svg, "<path class=\"line {class}\" d=\"{path}\"/>{dots}");
}

fn times(svg: &mut String, seconds: f64, foot: f64) {
    let step = step(seconds / 12.0);
    let count = (seconds / step).floor() as u32;
    for n in 0..=count {
        let at = f64::from(n) * step;
        let x = place(at, seconds);
        let _ = write!(
            svg,
            "<path class=\"axis\" d=\"M{x:.1} {foot}v5\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            foot + 19.0,
            written(at)
        );
    }
    let middle = (LEFT + WIDTH - RIGHT) / 2.0;
    let y = foot + 38.0;
    let _ = write!(
        svg,
        "<text x=\"{middle}\" y=\"{y}\" text-anchor=\"middle\">seconds since the run began</text>"
    );
}

fn place(at: f64, seconds: f64) -> f64 {
    LEFT + at / seconds * (WIDTH - LEFT - RIGHT)
}

/// A text inside XML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
