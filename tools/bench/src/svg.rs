//! What all charts have in common: SVG that is readable on light and dark backgrounds.

/// The style of a chart: colours and sizes of text and paper, and `$own`, the rest.
macro_rules! style {
    ($own:literal) => {
        concat!(
            "text { font: 13px system-ui, sans-serif; fill: #24292f }
    .paper { fill: #ffffff } .title { font-size: 16px; font-weight: 600 } .small { font-size: 12px; fill: #57606a }
    polyline { fill: none !important; stroke-width: 2 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 } .paper { fill: #0d1117 } .small { fill: #9198a1 }
    }
",
            $own
        )
    };
}
pub(crate) use style;

/// The size, the name, the title and the style of a chart.
pub struct Frame<'a> {
    pub width: f64,
    pub height: f64,
    pub name: &'a str,
    pub title: &'a str,
    /// Where the title begins.
    pub left: f64,
    pub style: &'a str,
}

impl Frame<'_> {
    /// The beginning of the chart; the caller closes `svg`.
    pub fn begin(&self) -> String {
        let Self { width, height, name, title, left, style } = self;
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{name}">
  <style>
{style}
  </style>
  <rect class="paper" width="{width}" height="{height}"/>
  <text class="title" x="{left}" y="28">{title}</text>
"#
        )
    }
}
