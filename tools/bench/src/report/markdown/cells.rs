//! The chapter on several cells.

use super::table;
use crate::numbers::share;
use crate::report::{Cells, Drain, Floor, grouped, grouped_count};

/// Renders the chapter; `floor` is that of the same run.
pub(super) fn render(cells: &Cells, floor: Option<&Floor>) -> String {
    let row = |drain: &Drain| {
        let of_floor = floor.map_or_else(String::new, |floor| {
            format!("{:.0} %", share(drain.events_per_s, floor.bulk.events_per_s) * 100.0)
        });
        vec![
            drain.cells.to_string(),
            grouped_count(drain.events),
            format!("{:.1}", drain.seconds),
            grouped(drain.events_per_s),
            of_floor,
        ]
    };
    let columns = ["cells", "events", "seconds", "events/s together", "of the floor"];
    let text = table("Cells in one database", &columns, &[row(&cells.one), row(&cells.two)]);
    format!(
        "{text}\nEach cell is a schema with {} charge points and one ingestor; a backlog is written as fast as possible.\n",
        grouped(cells.charge_points.into())
    )
}
