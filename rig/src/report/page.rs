//! What is written about a run: `report.md` with `timeline.svg`, and `report.html` with all in one.

use std::{fmt::Write, fs, io, path::Path};

use super::{axis::written, picture, samples::Samples, series::Series};
use crate::checker::Violation;

/// Violations that are shown; the history has them all.
const SHOWN: usize = 30;

/// A number that was measured, and what it may be at most.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// How much it was, in `unit`; none if it could not be measured, which counts as too much.
    pub value: Option<f64>,
    /// How much it may be.
    pub limit: f64,
    /// The unit of both; may be empty.
    pub unit: &'static str,
}

impl Figure {
    /// A figure with a limit.
    pub fn new(
        name: impl Into<String>,
        value: impl Into<Option<f64>>,
        limit: f64,
        unit: &'static str,
    ) -> Self {
        Self { name: name.into(), value: value.into(), limit, unit }
    }

    /// Something that must hold: it happened this often that it did not.
    pub fn never(name: impl Into<String>, count: usize) -> Self {
        Self::new(name, count as f64, 0.0, "")
    }

    /// Whether it is within its limit.
    pub fn holds(&self) -> bool {
        self.value.is_some_and(|value| value <= self.limit)
    }

    /// The value with its unit.
    pub fn said(&self) -> String {
        let said = |value| format!("{} {}", rounded(value), self.unit).trim_end().to_owned();
        self.value.map_or("not measured".into(), said)
    }

    /// The limit with its unit.
    pub fn allowed(&self) -> String {
        format!("{} {}", rounded(self.limit), self.unit).trim_end().to_owned()
    }
}

fn rounded(value: f64) -> String {
    let digits = if value.abs() < 10.0 { 100.0 } else { 10.0 };
    let value = (value * digits).round() / digits;
    if value.abs() >= 1_000.0 || value.fract() == 0.0 { written(value) } else { value.to_string() }
}

/// What is to be said about a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its name, such as `kill-server on sqlite`.
    pub title: String,
    /// What was done, in a sentence.
    pub about: String,
    /// What must hold besides the checker's verdict.
    pub figures: Vec<Figure>,
    /// What the checker found.
    pub violations: Vec<Violation>,
    /// What kept the run from its end, if anything did.
    pub failure: Option<String>,
}

impl Report {
    /// Whether the run came to its end and its history shows nothing wrong, whatever the figures.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty() && self.failure.is_none()
    }

    /// Whether all is well.
    pub fn is_good(&self) -> bool {
        self.violations.is_empty()
            && self.failure.is_none()
            && self.figures.iter().all(Figure::holds)
    }

    /// Writes the report into a folder.
    pub fn write(&self, folder: &Path, samples: &Samples) -> io::Result<()> {
        let picture = picture::draw(&self.title, &Series::of(samples));
        fs::write(folder.join("report.md"), self.markdown(samples))?;
        fs::write(folder.join("report.html"), self.html(&picture, samples))?;
        fs::write(folder.join("timeline.svg"), picture)
    }

    fn verdict(&self) -> String {
        let broken = self.figures.iter().filter(|figure| !figure.holds()).count();
        match (&self.failure, self.violations.len(), broken) {
            (Some(failure), ..) => format!("The run did not come to its end: {failure}"),
            (None, 0, 0) => "Good: no violation, every figure holds.".into(),
            (None, found, broken) => {
                format!("Bad: {found} violations, {broken} figures out of their limits.")
            }
        }
    }

    fn facts(samples: &Samples) -> String {
        format!(
            "Seconds: {}. Messages sent: {}, acknowledged: {}, deliveries: {}. Faults: {}.",
            rounded(samples.end_us as f64 / 1e6),
            written(samples.sends.len() as f64),
            written(samples.acks.len() as f64),
            written(samples.deliveries.len() as f64),
            samples.bands.len()
        )
    }

    fn shown(&self) -> impl Iterator<Item = String> {
        let more = self.violations.len().saturating_sub(SHOWN);
        let rest = (more > 0).then(|| format!("and {more} more"));
        self.violations.iter().take(SHOWN).map(Violation::to_string).chain(rest)
    }

    fn markdown(&self, samples: &Samples) -> String {
        let mut text = format!("# {}\n\n{}\n\n", self.title, self.about);
        let _ = write!(text, "**{}**\n\n{}\n\n", self.verdict(), Self::facts(samples));
        text += "| figure | measured | at most | |\n|---|---:|---:|---|\n";
        for figure in &self.figures {
            let mark = if figure.holds() { "holds" } else { "**broken**" };
            let (said, allowed) = (figure.said(), figure.allowed());
            let _ = writeln!(text, "| {} | {said} | {allowed} | {mark} |", figure.name);
        }
        text += "\n![Throughput, latency and faults over time](timeline.svg)\n";
        if !self.violations.is_empty() {
            text += "\n## Violations\n\n";
            self.shown().for_each(|line| {
                let _ = writeln!(text, "- {line}");
            });
        }
        text
    }

    fn html(&self, picture: &str, samples: &Samples) -> String {
        let escape = picture::escape;
        let class = if self.is_good() { "good" } else { "bad" };
        let mut text = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
             <meta name=\"viewport\" content=\"width=device-width\"><style>{PAGE}</style>\
             <main><h1>{title}</h1><p>{}</p><p class=\"verdict {class}\">{}</p><p>{}</p>",
            escape(&self.about),
            escape(&self.verdict()),
            Self::facts(samples),
            title = escape(&self.title),
        );
        text += "<table><thead><tr><th>Figure<th>Measured<th>At most<th></thead><tbody>";
        for figure in &self.figures {
            let (class, mark) = if figure.holds() { ("", "holds") } else { ("bad", "broken") };
            let (name, said, allowed) = (escape(&figure.name), figure.said(), figure.allowed());
            let _ =
                write!(text, "<tr><td>{name}<td>{said}<td>{allowed}<td class=\"{class}\">{mark}");
        }
        let _ = write!(text, "</tbody></table><figure>{picture}</figure>");
        if !self.violations.is_empty() {
            text += "<h2>Violations</h2><ul>";
            self.shown().for_each(|line| {
                let _ = write!(text, "<li>{}", escape(&line));
            });
            text += "</ul>";
        }
        text + "</main></html>\n"
    }
}

const PAGE: &str = "\
:root{color-scheme:light dark;--ink:#1c2330;--ground:#fff;--line:#e3e7ee;--good:#17743b;--bad:#c02626}\
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf2;--ground:#12161d;--line:#29313e;\
--good:#5fd08a;--bad:#ff6b6b}}\
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}\
main{max-width:1120px;margin:0 auto;padding:24px}h1{font-size:24px;margin:0 0 4px}\
h2{font-size:18px}.verdict{font-weight:600}.good{color:var(--good)}.bad{color:var(--bad)}\
table{border-collapse:collapse;margin:16px 0}th,td{text-align:left;padding:4px 16px 4px 0;\
border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}\
figure{margin:24px 0 0}svg{width:100%;height:auto}";
