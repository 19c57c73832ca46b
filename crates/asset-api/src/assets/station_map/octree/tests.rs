use super::*;
use domain::assets::Location;
use proptest::prelude::*;
use uuid::Uuid;

/// Few different degrees, so that points and distances coincide, and any others.
fn degrees(most: f64) -> impl Strategy<Value = f64> {
    prop_oneof![(-2..=2_i32).prop_map(f64::from), -most..=most]
}

fn point() -> impl Strategy<Value = Point> {
    (degrees(90.0), degrees(180.0))
        .prop_map(|(latitude, longitude)| Location::parse(latitude, longitude).unwrap().in_space())
}

fn id(number: usize) -> StationId {
    StationId(Uuid::from_u128(u128::try_from(number).unwrap() + 1))
}

proptest! {
    #[test]
    fn finds_what_sorting_finds(
        points in prop::collection::vec(point(), 0..300),
        removed in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        from in point(),
        farthest in 0.0..2.0_f64,
        after in any::<prop::sample::Index>(),
    ) {
        let mut tree = Octree::default();
        let mut all: Vec<_> = points.iter().enumerate().map(|(number, point)| (id(number), *point)).collect();
        all.iter().for_each(|(id, point)| tree.insert(*id, *point));
        for index in removed.iter().filter(|_| !points.is_empty()) {
            let number = index.index(points.len());
            tree.remove(id(number), &points[number]);
            all.retain(|(held, _)| *held != id(number));
        }
        let mut expected: Vec<_> = all.iter().map(|(id, point)| (*id, distance(&from, point))).collect();
        expected.sort_by(|(a, near), (b, far)| near.total_cmp(far).then_with(|| a.cmp(b)));
        expected.retain(|(_, distance)| *distance <= farthest);
        let found: Vec<_> = tree.nearest(from, None, farthest).collect();
        prop_assert_eq!(&found, &expected);
        // Each page begins where the previous one ends.
        if !expected.is_empty() {
            let at = after.index(expected.len());
            let (last, away) = expected[at];
            let rest: Vec<_> = tree.nearest(from, Some((away, last)), farthest).collect();
            prop_assert_eq!(&rest, &expected[at + 1..]);
        }
    }
}

#[test]
fn a_thousand_stations_at_one_place_are_one_leaf() {
    let mut tree = Octree::default();
    let here = Location::parse(31.23, 121.47).unwrap().in_space();
    (0..1_000).for_each(|number| tree.insert(id(number), here));
    let found: Vec<_> = tree.nearest(here, Some((0.0, id(10))), 0.1).take(3).collect();
    assert_eq!(found, [(id(11), 0.0), (id(12), 0.0), (id(13), 0.0)]);
}
