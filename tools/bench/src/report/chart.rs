//! Latency by rate as a chart.

use super::{Latency, Phase, Report, grouped};
use crate::svg::{Frame, style};
use std::fmt::Write as _;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 470.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 740.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 400.0;

const STYLE: &str = style!(
    "    .grid { stroke: #d0d7de; stroke-width: 1 } .target { stroke: #24292f; stroke-width: 2; stroke-dasharray: 5 4 }
    .limit { stroke: #57606a; stroke-width: 1; stroke-dasharray: 2 4 }
    .halo { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round }
    .p50 { stroke: #0969da; fill: #0969da } .p95 { stroke: #bf3989; fill: #bf3989 }
    .p99 { stroke: #bc4c00; fill: #bc4c00 } .max { stroke: #6e7781; fill: #6e7781 }
    text.p50, text.p95, text.p99, text.max { stroke: none }
    @media (prefers-color-scheme: dark) {
      .grid { stroke: #30363d } .target { stroke: #e6edf3 } .limit { stroke: #9198a1 } .halo { stroke: #0d1117 }
      .p50 { stroke: #58a6ff; fill: #58a6ff } .p95 { stroke: #f778ba; fill: #f778ba }
      .p99 { stroke: #ffa657; fill: #ffa657 } .max { stroke: #9198a1; fill: #9198a1 }
    }"
);

/// A line of the chart: its class, its name and the percentile that it shows.
type Series = (&'static str, &'static str, fn(&Latency) -> f64);
const SERIES: [Series; 4] = [
    ("p50", "P50", |latency| latency.p50_ms),
    ("p95", "P95", |latency| latency.p95_ms),
    ("p99", "P99", |latency| latency.p99_ms),
    ("max", "max", |latency| latency.max_ms),
];

/// A logarithmic axis.
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn at(&self, value: f64) -> f64 {
        let position =
            (value.max(self.low).log10() - self.low.log10()) / (self.high.log10() - self.low.log10());
        self.from + position.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// The powers of ten on the axis.
    fn decades(&self) -> Vec<f64> {
        let powers = (-3_i32..12).map(|power| 10_f64.powi(power));
        powers.filter(|value| (self.low * 0.999..=self.high * 1.001).contains(value)).collect()
    }
}

/// Draws the sustained rates, their targets, and the first rate that was not sustained.
pub(super) fn render(report: &Report) -> String {
    let mut shown: Vec<&Phase> = report.phases().filter(|phase| phase.sustained).collect();
    // The longest measurement of each rate.
    shown.sort_by(|a, b| a.rate.cmp(&b.rate).then(b.seconds.total_cmp(&a.seconds)));
    shown.dedup_by_key(|phase| phase.rate);
    let lowest_failed = report.phases().filter(|phase| !phase.sustained).map(|phase| phase.rate).min();
    let rates = || shown.iter().map(|phase| f64::from(phase.rate)).chain(lowest_failed.map(f64::from));
    let x = Axis {
        low: rates().fold(f64::INFINITY, f64::min).min(1e6) * 0.8,
        high: rates().fold(1.0, f64::max) * 1.15,
        from: LEFT,
        to: RIGHT,
    };
    let y = vertical(&shown);
    let mut svg = frame(report, &y);
    for phase in &shown {
        let (at, rate) = (x.at(phase.rate.into()), grouped(phase.rate.into()));
        if phase.target_p95_ms.is_some() {
            let _ = writeln!(
                svg,
                r#"  <text x="{at:.1}" y="{:.1}" text-anchor="middle">{rate}</text>"#,
                BOTTOM + 20.0
            );
        }
    }
    svg += &lines(&shown, &x, &y);
    svg += &targets(&shown, &x, &y);
    if let Some(rate) = lowest_failed {
        let at = x.at(rate.into());
        let _ =
            writeln!(svg, r#"  <line class="limit" x1="{at:.1}" y1="{TOP}" x2="{at:.1}" y2="{BOTTOM}"/>"#);
        let label = format!("{}/s: not sustained", grouped(rate.into()));
        let _ = writeln!(
            svg,
            r#"  <text class="small" x="{at:.1}" y="{:.1}" text-anchor="end">{label}</text>"#,
            TOP - 6.0
        );
    }
    svg + "</svg>\n"
}

/// Whole decades that include every figure and target.
fn vertical(shown: &[&Phase]) -> Axis {
    let figures = || {
        let latencies = shown.iter().flat_map(|phase| SERIES.map(|(_, _, figure)| figure(&phase.latency)));
        latencies.chain(shown.iter().filter_map(|phase| phase.target_p95_ms))
    };
    let low = figures().fold(f64::INFINITY, f64::min).clamp(0.1, 100.0).log10().floor();
    let high = figures().fold(10.0, f64::max).log10().ceil();
    Axis { low: 10_f64.powf(low), high: 10_f64.powf(high), from: BOTTOM, to: TOP }
}

fn frame(report: &Report, y: &Axis) -> String {
    let conditions = &report.conditions;
    let points = report.steady.first().map_or(0, |phase| phase.charge_points);
    let frame = Frame {
        width: WIDTH,
        height: HEIGHT,
        name: "Latency by rate",
        title: "From Kafka to visible in PostgreSQL, in ms",
        left: LEFT,
        style: STYLE,
    };
    let mut svg = frame.begin();
    for value in y.decades() {
        let at = y.at(value);
        let _ = writeln!(svg, r#"  <line class="grid" x1="{LEFT}" y1="{at:.1}" x2="{RIGHT}" y2="{at:.1}"/>"#);
        let _ = writeln!(
            svg,
            r#"  <text x="{:.1}" y="{:.1}" text-anchor="end">{value}</text>"#,
            LEFT - 8.0,
            at + 4.0
        );
    }
    let _ = writeln!(
        svg,
        r#"  <text class="small" x="{LEFT}" y="{:.1}">events per second; both scales are logarithmic; dashed: the target for P95</text>"#,
        BOTTOM + 42.0
    );
    let _ = writeln!(
        svg,
        r#"  <text class="small" x="{LEFT}" y="{:.1}">{} charge points, {} cores for everything, {}{}</text>"#,
        BOTTOM + 60.0,
        grouped(points.into()),
        conditions.cores,
        conditions.date,
        if report.mode == "full" { "" } else { " · a quick run: meaningless" }
    );
    svg
}

fn lines(shown: &[&Phase], x: &Axis, y: &Axis) -> String {
    let mut svg = String::new();
    let mut labels: Vec<(f64, &str, &str)> = Vec::new();
    for (class, name, figure) in SERIES {
        let points: Vec<(f64, f64)> =
            shown.iter().map(|phase| (x.at(phase.rate.into()), y.at(figure(&phase.latency)))).collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(svg, r#"  <polyline class="{class}" fill="none" points="{}"/>"#, path.join(" "));
        for (x, y) in &points {
            let _ = writeln!(svg, r#"  <circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="3"/>"#);
        }
        labels.extend(points.last().map(|(_, y)| (*y, class, name)));
    }
    // From bottom to top, without overlaps.
    labels.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut free = f64::INFINITY;
    for (at, class, name) in labels {
        let label_y = at.min(free);
        free = label_y - 16.0;
        let _ = writeln!(
            svg,
            r#"  <text class="{class}" x="{:.1}" y="{:.1}">{name}</text>"#,
            RIGHT + 10.0,
            label_y + 4.0
        );
    }
    svg
}

fn targets(shown: &[&Phase], x: &Axis, y: &Axis) -> String {
    let mut svg = String::new();
    for phase in shown {
        let Some(target) = phase.target_p95_ms else { continue };
        let (across, at) = (x.at(phase.rate.into()), y.at(target));
        let half = 22.0;
        let _ = writeln!(
            svg,
            r#"  <line class="target" x1="{:.1}" y1="{at:.1}" x2="{:.1}" y2="{at:.1}"/>"#,
            across - half,
            across + half
        );
        let _ = writeln!(
            svg,
            r#"  <text class="small halo" x="{across:.1}" y="{:.1}" text-anchor="middle">P95 ≤ {target}</text>"#,
            at - 6.0
        );
    }
    svg
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::sample;

    #[test]
    fn renders_a_chart() {
        let drawn = render(&sample());
        let shapes: Vec<_> = drawn.lines().filter(|line| !STYLE.contains(line.trim_end())).collect();
        insta::assert_snapshot!(shapes.join("\n"), @r##"
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 470" role="img" aria-label="Latency by rate">
          <style>
          </style>
          <rect class="paper" width="860" height="470"/>
          <text class="title" x="64" y="28">From Kafka to visible in PostgreSQL, in ms</text>
          <line class="grid" x1="64" y1="400.0" x2="740" y2="400.0"/>
          <text x="56.0" y="404.0" text-anchor="end">1</text>
          <line class="grid" x1="64" y1="288.0" x2="740" y2="288.0"/>
          <text x="56.0" y="292.0" text-anchor="end">10</text>
          <line class="grid" x1="64" y1="176.0" x2="740" y2="176.0"/>
          <text x="56.0" y="180.0" text-anchor="end">100</text>
          <line class="grid" x1="64" y1="64.0" x2="740" y2="64.0"/>
          <text x="56.0" y="68.0" text-anchor="end">1000</text>
          <text class="small" x="64" y="442.0">events per second; both scales are logarithmic; dashed: the target for P95</text>
          <text class="small" x="64" y="460.0">100,000 charge points, 2 cores for everything, 2026-11-23 10:00 UTC</text>
          <text x="99.3" y="420.0" text-anchor="middle">600</text>
          <text x="463.4" y="420.0" text-anchor="middle">6,000</text>
          <text x="672.4" y="420.0" text-anchor="middle">22,500</text>
          <polyline class="p50" fill="none" points="99.3,298.9 463.4,268.3 544.2,254.3 672.4,181.1"/>
          <circle class="p50" cx="99.3" cy="298.9" r="3"/>
          <circle class="p50" cx="463.4" cy="268.3" r="3"/>
          <circle class="p50" cx="544.2" cy="254.3" r="3"/>
          <circle class="p50" cx="672.4" cy="181.1" r="3"/>
          <polyline class="p95" fill="none" points="99.3,277.1 463.4,163.2 544.2,200.8 672.4,139.9"/>
          <circle class="p95" cx="99.3" cy="277.1" r="3"/>
          <circle class="p95" cx="463.4" cy="163.2" r="3"/>
          <circle class="p95" cx="544.2" cy="200.8" r="3"/>
          <circle class="p95" cx="672.4" cy="139.9" r="3"/>
          <polyline class="p99" fill="none" points="99.3,256.8 463.4,147.4 544.2,186.9 672.4,115.1"/>
          <circle class="p99" cx="99.3" cy="256.8" r="3"/>
          <circle class="p99" cx="463.4" cy="147.4" r="3"/>
          <circle class="p99" cx="544.2" cy="186.9" r="3"/>
          <circle class="p99" cx="672.4" cy="115.1" r="3"/>
          <polyline class="max" fill="none" points="99.3,219.4 463.4,133.4 544.2,167.1 672.4,81.3"/>
          <circle class="max" cx="99.3" cy="219.4" r="3"/>
          <circle class="max" cx="463.4" cy="133.4" r="3"/>
          <circle class="max" cx="544.2" cy="167.1" r="3"/>
          <circle class="max" cx="672.4" cy="81.3" r="3"/>
          <text class="p50" x="750.0" y="185.1">P50</text>
          <text class="p95" x="750.0" y="143.9">P95</text>
          <text class="p99" x="750.0" y="119.1">P99</text>
          <text class="max" x="750.0" y="85.3">max</text>
          <line class="target" x1="77.3" y1="209.7" x2="121.3" y2="209.7"/>
          <text class="small halo" x="99.3" y="203.7" text-anchor="middle">P95 ≤ 50</text>
          <line class="target" x1="441.4" y1="176.0" x2="485.4" y2="176.0"/>
          <text class="small halo" x="463.4" y="170.0" text-anchor="middle">P95 ≤ 100</text>
          <line class="target" x1="650.4" y1="97.7" x2="694.4" y2="97.7"/>
          <text class="small halo" x="672.4" y="91.7" text-anchor="middle">P95 ≤ 500</text>
          <line class="limit" x1="717.9" y1="64" x2="717.9" y2="400"/>
          <text class="small" x="717.9" y="58.0" text-anchor="end">30,000/s: not sustained</text>
        </svg>
        "##);
    }

    #[test]
    fn renders_an_empty_chart_without_results() {
        let mut report = sample();
        (report.highest, report.steady, report.search) = (None, Vec::new(), Vec::new());
        let drawn = render(&report);
        assert!(drawn.ends_with("</svg>\n") && !drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
    }

    #[test]
    fn a_factor_of_ten_is_one_decade() {
        let axis = Axis { low: 1.0, high: 1_000.0, from: 0.0, to: 300.0 };
        assert!((axis.at(10.0) - 100.0).abs() < 1e-9 && (axis.at(100.0) - 200.0).abs() < 1e-9);
        assert!((axis.at(0.01) - 0.0).abs() < 1e-9 && (axis.at(1e9) - 300.0).abs() < 1e-9);
        assert_eq!(axis.decades(), [1.0, 10.0, 100.0, 1_000.0]);
    }
}
