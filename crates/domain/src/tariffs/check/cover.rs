//! Whether bands have each minute of a day exactly once.

use crate::calendar::TimeOfDay;
use crate::tariffs::band::{Band, day_parts};
use std::fmt;

/// When a band begins and ends.
pub(super) type Times = (TimeOfDay, TimeOfDay);

/// A band, as far as it was readable.
type Readable = (Option<Times>, Option<Band>);

/// A time that two bands have.
pub(super) struct Overlap {
    /// The later one of the two in the list.
    pub band: usize,
    other: usize,
    from: u16,
    to: u16,
}

/// A time that no band has.
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

/// A minute of a day, as people write it.
struct Shown(u16);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// The parts of a day that each band has, in order of the bands.
fn parts(bands: &[Readable]) -> impl Iterator<Item = (usize, u16, u16)> {
    bands.iter().enumerate().flat_map(|(index, (times, _))| {
        let parts = times.map(|(from, to)| day_parts(from, to).map(move |(from, to)| (index, from, to)));
        parts.into_iter().flatten()
    })
}

/// Each time that two bands have.
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

/// Each time that no band has.
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
