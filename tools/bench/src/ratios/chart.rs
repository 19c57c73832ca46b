//! The ratios over releases as a chart: a panel for each ratio, a line for each kind of machine.

use super::{Ratio, RatioRun};
use crate::svg::{Frame, style};
use std::fmt::Write as _;

const WIDTH: f64 = 860.0;
const MARGIN: f64 = 32.0;
/// The panels begin here, below the title and the legend.
const TOP: f64 = 76.0;
const COLUMNS: usize = 2;
const PANEL_WIDTH: f64 = 414.0;
const PANEL_HEIGHT: f64 = 150.0;
/// Within a panel: the greatest value and zero.
const HIGHEST: f64 = 46.0;
const LOWEST: f64 = 112.0;
/// The greatest distance between the machines of a version.
const MACHINE_WIDTH: f64 = 44.0;
/// Kinds of machines with a colour of their own.
const COLOURS: usize = 4;

const STYLE: &str = style!(
    "    .zero { stroke: #d0d7de; stroke-width: 1 } text.value { font-size: 11px; stroke: none }
    .m0 { stroke: #0969da; fill: #0969da } .m1 { stroke: #bf3989; fill: #bf3989 }
    .m2 { stroke: #bc4c00; fill: #bc4c00 } .m3 { stroke: #1a7f37; fill: #1a7f37 }
    @media (prefers-color-scheme: dark) {
      .zero { stroke: #30363d }
      .m0 { stroke: #58a6ff; fill: #58a6ff } .m1 { stroke: #f778ba; fill: #f778ba }
      .m2 { stroke: #ffa657; fill: #ffa657 } .m3 { stroke: #3fb950; fill: #3fb950 }
    }"
);

/// The versions and machines of the runs, in the order in which they first appear.
struct Axes<'a> {
    versions: Vec<&'a str>,
    machines: Vec<&'a str>,
}

impl<'a> Axes<'a> {
    fn of(runs: &'a [RatioRun]) -> Self {
        let mut axes = Self { versions: Vec::new(), machines: Vec::new() };
        for run in runs {
            for (names, name) in [(&mut axes.versions, &run.version), (&mut axes.machines, &run.machine)] {
                if !names.contains(&name.as_str()) {
                    names.push(name);
                }
            }
        }
        axes
    }

    fn version_width(&self) -> f64 {
        PANEL_WIDTH / float(self.versions.len().max(1))
    }

    /// The middle of a version within a panel.
    fn version_at(&self, index: usize) -> f64 {
        self.version_width() * (float(index) + 0.5)
    }

    /// Where the value of a run is within a panel, and the number of its machine.
    fn at(&self, run: &RatioRun) -> (f64, usize) {
        let version = self.versions.iter().position(|version| *version == run.version).unwrap_or_default();
        let machine = self.machines.iter().position(|machine| *machine == run.machine).unwrap_or_default();
        let machines = float(self.machines.len());
        let width = (self.version_width() / machines).min(MACHINE_WIDTH);
        (self.version_at(version) + (float(machine) - (machines - 1.0) / 2.0) * width, machine)
    }
}

/// Draws all `runs`.
pub(super) fn render(runs: &[RatioRun]) -> String {
    let axes = Axes::of(runs);
    let rows = Ratio::ALL.len().div_ceil(COLUMNS);
    let height = TOP + float(rows) * PANEL_HEIGHT;
    let frame = Frame {
        width: WIDTH,
        height,
        name: "Ratios over releases",
        title: "Speed over releases, each figure in relation to another of the same run",
        left: MARGIN,
        style: STYLE,
    };
    let mut svg = frame.begin();
    svg += &legend(&axes);
    for (index, ratio) in Ratio::ALL.into_iter().enumerate() {
        let left = MARGIN / 2.0 + float(index % COLUMNS) * PANEL_WIDTH;
        let top = TOP + float(index / COLUMNS) * PANEL_HEIGHT;
        let _ = writeln!(svg, r#"  <g transform="translate({left} {top})">"#);
        svg += &panel(ratio, runs, &axes);
        svg += "  </g>\n";
    }
    svg + "</svg>\n"
}

fn legend(axes: &Axes<'_>) -> String {
    let mut svg = String::new();
    let width = (WIDTH - 2.0 * MARGIN) / float(axes.machines.len().max(1));
    for (index, machine) in axes.machines.iter().enumerate() {
        let left = MARGIN + float(index) * width;
        let _ =
            writeln!(svg, r#"  <circle class="m{}" cx="{:.1}" cy="50" r="4"/>"#, index % COLOURS, left + 4.0);
        let _ = writeln!(svg, r#"  <text class="small" x="{:.1}" y="54">{machine}</text>"#, left + 14.0);
    }
    svg
}

fn panel(ratio: Ratio, runs: &[RatioRun], axes: &Axes<'_>) -> String {
    let better = if ratio.is_better_when_higher() { "higher is better" } else { "lower is better" };
    let mut svg = format!(
        r#"    <text x="16" y="20">{}</text>
    <text class="small" x="16" y="142">{better}</text>
    <line class="zero" x1="16" y1="{LOWEST}" x2="{:.1}" y2="{LOWEST}"/>
"#,
        ratio.title(),
        PANEL_WIDTH - 16.0
    );
    for (index, version) in axes.versions.iter().enumerate() {
        let _ = writeln!(
            svg,
            r#"    <text class="small" x="{:.1}" y="{:.1}" text-anchor="middle">{version}</text>"#,
            axes.version_at(index),
            LOWEST + 16.0
        );
    }
    let measured = || runs.iter().filter_map(|run| Some((run, *run.ratios.get(&ratio)?)));
    let greatest = measured().map(|(_, value)| value).fold(f64::MIN_POSITIVE, f64::max);
    let height = |value: f64| LOWEST - (LOWEST - HIGHEST) * value / greatest;
    for machine in &axes.machines {
        let of_machine = measured().filter(|(run, _)| run.machine == **machine);
        let points: Vec<(f64, f64, usize, f64)> = of_machine
            .map(|(run, value)| {
                let (x, number) = axes.at(run);
                (x, height(value), number % COLOURS, value)
            })
            .collect();
        if let [(_, _, class, _), _, ..] = points[..] {
            let path: Vec<String> = points.iter().map(|(x, y, ..)| format!("{x:.1},{y:.1}")).collect();
            let _ = writeln!(svg, r#"    <polyline class="m{class}" points="{}"/>"#, path.join(" "));
        }
        for (x, y, class, value) in points {
            let decimals = if value < 10.0 { 2 } else { 1 };
            let _ = writeln!(svg, r#"    <circle class="m{class}" cx="{x:.1}" cy="{y:.1}" r="3"/>"#);
            let _ = writeln!(
                svg,
                r#"    <text class="value m{class}" x="{x:.1}" y="{:.1}" text-anchor="middle">{value:.decimals$}</text>"#,
                y - 8.0
            );
        }
    }
    svg
}

fn float(count: usize) -> f64 {
    crate::numbers::count(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ratios::run;
    use std::path::Path;

    #[test]
    fn the_committed_chart_shows_the_committed_ratios() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/benchmarks/ratios.svg");
        let drawn = render(&run::releases().unwrap());
        if launch::variable("UPDATE_CHART").is_ok() {
            std::fs::write(&path, &drawn).unwrap();
        }
        assert!(
            std::fs::read_to_string(&path).unwrap_or_default() == drawn,
            "docs/benchmarks/ratios.svg differs from releases.toml: run UPDATE_CHART=1 cargo test -p bench chart"
        );
    }

    #[test]
    fn each_value_is_a_point_and_a_machine_with_several_versions_is_a_line() {
        let mut runs = run::releases().unwrap();
        let values: usize = runs.iter().map(|run| run.ratios.len()).sum();
        let drawn = render(&runs);
        assert_eq!(drawn.matches(r#"r="3""#).count(), values);
        runs.truncate(1);
        assert!(!render(&runs).contains("<polyline"));
        let mut next = runs[0].clone();
        next.version = "0.2.0".to_owned();
        runs.push(next);
        assert_eq!(render(&runs).matches("<polyline").count(), runs[0].ratios.len());
    }

    #[test]
    fn draws_an_empty_chart_without_runs() {
        let drawn = render(&[]);
        assert!(drawn.ends_with("</svg>\n") && !drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
    }
}
