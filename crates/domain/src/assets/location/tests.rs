use super::*;
use proptest::prelude::*;

const HALF_AROUND_M: f64 = std::f64::consts::PI * EARTH_RADIUS_M;

fn at(latitude: f64, longitude: f64) -> Location {
    Location::parse(latitude, longitude).unwrap()
}

fn anywhere() -> impl Strategy<Value = Location> {
    (-90.0..=90.0_f64, -180.0..=180.0_f64).prop_map(|(latitude, longitude)| at(latitude, longitude))
}

fn straight(one: Location, other: Location) -> f64 {
    let (one, other) = (one.in_space(), other.in_space());
    one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn known_distances() {
    let (beijing, shanghai) = (at(39.9042, 116.4074), at(31.2304, 121.4737));
    assert!((beijing.distance_m(shanghai) - 1_067_310.0).abs() < 1_000.0);
    assert!((at(0.0, 179.9).distance_m(at(0.0, -179.9)) - 22_239.0).abs() < 1.0);
    assert!((at(89.9, 0.0).distance_m(at(89.9, 180.0)) - 22_239.0).abs() < 1.0);
    assert!(at(90.0, 7.0).distance_m(at(90.0, -120.0)) < 1e-6);
    assert!(at(5.0, 180.0).distance_m(at(5.0, -180.0)) < 1e-6);
    assert!((at(0.0, 0.0).distance_m(at(0.0, 180.0)) - HALF_AROUND_M).abs() < 1e-6);
}

proptest! {
    #[test]
    fn is_a_metric(one in anywhere(), other in anywhere(), third in anywhere()) {
        let distance = one.distance_m(other);
        prop_assert!((0.0..=HALF_AROUND_M + 1e-6).contains(&distance));
        prop_assert_eq!(distance, other.distance_m(one));
        prop_assert_eq!(one.distance_m(one), 0.0);
        prop_assert!(distance <= one.distance_m(third) + third.distance_m(other) + 1e-3);
    }

    #[test]
    fn the_chord_is_the_straight_line(one in anywhere(), other in anywhere()) {
        let difference = chord(one.distance_m(other)) - straight(one, other);
        prop_assert!(difference.abs() < 1e-9, "{}", difference);
    }

    #[test]
    fn a_longer_distance_has_a_longer_chord(way in 0.0..2e7_f64, more in 1.0..1e4_f64) {
        prop_assert!(chord(way) < chord(way + more));
    }
}
