//! Points on the unit sphere, found by their distance from one of them.
//!
//! Space is divided into eight cubes wherever it holds many points. A search visits cubes in the order
//! of their distance, and none that is wholly nearer than the cursor, so that a deep page costs about
//! as much as the first one.

use domain::ids::StationId;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A point in space.
pub type Point = [f64; 3];

/// Points in a leaf above which it is divided.
const FULL: usize = 16;
/// Leaves of this depth, cubes of 12 m, are never divided: their points may all be the same.
const DEEPEST: u32 = 20;

/// The points of stations.
#[derive(Debug, Default)]
pub struct Octree {
    root: Node,
}

#[derive(Debug)]
enum Node {
    Leaf(Vec<(StationId, Point)>),
    Inner(Box<[Node; 8]>),
}

impl Default for Node {
    fn default() -> Self {
        Self::Leaf(Vec::new())
    }
}

/// A cube whose edges are parallel to the axes. Its coordinates are multiples of powers of two, so
/// they are exact.
#[derive(Debug, Clone, Copy)]
struct Cube {
    centre: Point,
    half: f64,
}

impl Cube {
    /// Contains the unit sphere.
    const ALL: Self = Self { centre: [0.0; 3], half: 1.0 };

    /// The index of the eighth with `point`.
    fn index(&self, point: &Point) -> usize {
        let sides = self.centre.iter().zip(point).enumerate();
        sides.map(|(axis, (centre, value))| usize::from(value >= centre) << axis).sum()
    }

    /// The eighth with this index.
    fn eighth(&self, index: usize) -> Self {
        let half = self.half / 2.0;
        let mut centre = self.centre;
        for (axis, value) in centre.iter_mut().enumerate() {
            *value += if (index >> axis) & 1 == 1 { half } else { -half };
        }
        Self { centre, half }
    }

    /// The least and the greatest distance from `from`, computed so that rounding never puts a point
    /// of the cube outside of them.
    fn distances(&self, from: &Point) -> (f64, f64) {
        let (mut least, mut greatest) = ([0.0; 3], [0.0; 3]);
        for (((centre, from), least), greatest) in
            self.centre.iter().zip(from).zip(&mut least).zip(&mut greatest)
        {
            let (low, high) = (centre - self.half - from, centre + self.half - from);
            *least = if low > 0.0 { low } else { (-high).max(0.0) };
            *greatest = (-low).max(high);
        }
        (length(least), length(greatest))
    }
}

fn length([x, y, z]: Point) -> f64 {
    (x * x + y * y + z * z).sqrt()
}

/// The straight line between two points.
pub fn distance(from: &Point, to: &Point) -> f64 {
    let [x, y, z] = from;
    let [a, b, c] = to;
    length([a - x, b - y, c - z])
}

impl Octree {
    /// Adds the point of a station.
    pub fn insert(&mut self, id: StationId, point: Point) {
        self.root.insert(&Cube::ALL, 0, id, point);
    }

    /// Removes a point that was added with this id.
    pub fn remove(&mut self, id: StationId, point: &Point) {
        self.root.remove(&Cube::ALL, id, point);
    }

    /// The stations with their distance from `from`, the nearest first, and among equal distances by
    /// id: those beyond `after`, up to the distance `farthest`.
    pub fn nearest(&self, from: Point, after: Option<(f64, StationId)>, farthest: f64) -> Nearest<'_> {
        let mut nearest = Nearest { from, after, farthest, waiting: BinaryHeap::new() };
        nearest.push(&self.root, Cube::ALL);
        nearest
    }
}

impl Node {
    fn insert(&mut self, cube: &Cube, depth: u32, id: StationId, point: Point) {
        match self {
            Self::Inner(children) => {
                let index = cube.index(&point);
                if let Some(child) = children.get_mut(index) {
                    child.insert(&cube.eighth(index), depth + 1, id, point);
                }
            }
            Self::Leaf(points) if points.len() < FULL || depth >= DEEPEST => points.push((id, point)),
            Self::Leaf(points) => {
                let points = std::mem::take(points);
                *self = Self::Inner(Box::default());
                for (id, point) in points.into_iter().chain([(id, point)]) {
                    self.insert(cube, depth, id, point);
                }
            }
        }
    }

    fn remove(&mut self, cube: &Cube, id: StationId, point: &Point) {
        match self {
            Self::Inner(children) => {
                let index = cube.index(point);
                if let Some(child) = children.get_mut(index) {
                    child.remove(&cube.eighth(index), id, point);
                }
            }
            Self::Leaf(points) => points.retain(|(held, _)| *held != id),
        }
    }
}

/// A search that proceeds outwards.
pub struct Nearest<'a> {
    from: Point,
    after: Option<(f64, StationId)>,
    farthest: f64,
    waiting: BinaryHeap<Reverse<Waiting<'a>>>,
}

/// What the search has reached and not looked at.
struct Waiting<'a> {
    distance: f64,
    found: Found<'a>,
}

enum Found<'a> {
    Node(&'a Node, Cube),
    Station(StationId),
}

impl Waiting<'_> {
    /// A node comes before a station at the same distance: it may have a station with a smaller id.
    const fn id(&self) -> Option<StationId> {
        match self.found {
            Found::Node(..) => None,
            Found::Station(id) => Some(id),
        }
    }
}

impl Ord for Waiting<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.distance.total_cmp(&other.distance).then_with(|| self.id().cmp(&other.id()))
    }
}

impl PartialOrd for Waiting<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting<'_> {}

impl<'a> Nearest<'a> {
    fn push(&mut self, node: &'a Node, cube: Cube) {
        let (least, greatest) = cube.distances(&self.from);
        if least <= self.farthest && self.after.is_none_or(|(after, _)| greatest >= after) {
            self.waiting.push(Reverse(Waiting { distance: least, found: Found::Node(node, cube) }));
        }
    }

    fn expand(&mut self, node: &'a Node, cube: &Cube) {
        match node {
            Node::Inner(children) => {
                for (index, child) in children.iter().enumerate() {
                    self.push(child, cube.eighth(index));
                }
            }
            Node::Leaf(points) => {
                for (id, point) in points {
                    let distance = distance(&self.from, point);
                    let is_after = self
                        .after
                        .is_none_or(|(after, last)| distance > after || distance == after && *id > last);
                    if is_after && distance <= self.farthest {
                        self.waiting.push(Reverse(Waiting { distance, found: Found::Station(*id) }));
                    }
                }
            }
        }
    }
}

impl Iterator for Nearest<'_> {
    type Item = (StationId, f64);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Reverse(Waiting { distance, found }) = self.waiting.pop()?;
            match found {
                Found::Station(id) => return Some((id, distance)),
                Found::Node(node, cube) => self.expand(node, &cube),
            }
        }
    }
}

#[cfg(test)]
mod tests;
