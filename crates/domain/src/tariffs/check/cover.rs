//! Checks that bands cover each minute of a day exactly once.

use crate::calendar::TimeOfDay;
use crate::tariffs::band::{Band, day_parts};
use std::fmt;

/// Start and end of a band.
pub(super) type Times = (TimeOfDay, TimeOfDay);

/// A band, as far as it is valid.
type Readable = (Option<Times>, Option<Band>);

/// A time that two bands cover.
pub(super) struct Overlap {
    /// The index of the band that is later in the list.
    pub band: usize,
    other: usize,
    from: u16,
    to: u16,
}

/// A time that no band covers.
pub(super) struct Gap {
    from: u16,
    to: u16,
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "overlaps bands[{}] from {} to {}", self.other, Shown(self.from), Shown(self.to))
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no band from {} to {}", Shown(self.from), Shown(self.to))
    }
}

/// A minute of a day, formatted for people.
struct Shown(u16);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// The parts of a day that each band covers, in the order of the bands.
fn parts(bands: &[Readable]) -> impl Iterator<Item = (usize, u16, u16)> {
    bands.iter().enumerate().flat_map(|(index, (times, _))| {
        let parts = times.map(|(from, to)| day_parts(from, to).map(move |(from, to)| (index, from, to)));
        parts.into_iter().flatten()
    })
}

/// All times that two bands cover.
pub(super) fn overlaps(bands: &[Readable]) -> Vec<Overlap> {
    let mut overlaps = vec![];
    for (band, from, to) in parts(bands) {
        for (other, other_from, other_to) in parts(bands).take_while(|(other, ..)| *other < band) {
            let (from, to) = (from.max(other_from), to.min(other_to));
            if from < to {
                overlaps.push(Overlap { band, other, from, to });
            }
        }
    }
    overlaps
}

/// All times that no band covers.
pub(super) fn gaps(bands: &[Readable]) -> Vec<Gap> {
    let mut parts: Vec<_> = parts(bands).map(|(_, from, to)| (from, to)).collect();
    parts.sort_unstable();
    let mut gaps = vec![];
    let mut covered = 0;
    for (from, to) in parts.into_iter().chain([(TimeOfDay::MINUTES, TimeOfDay::MINUTES)]) {
        if covered < from {
            gaps.push(Gap { from: covered, to: from });
        }
        covered = covered.max(to);
    }
    gaps
}
