//! Devices that are offline together are one issue.

use super::fixture::*;
use crate::ids::StationId;
use crate::issues::{Cause, Crowd, Evaluation, IssueKey, IssuePlace, Maintenance, OutageLevel, OutageRules};
use crate::issues::{Severity, Standing, TransitionKind};
use uuid::Uuid;

const RULES: OutageRules = OutageRules { min_devices: 5, min_percent: 50 };

const fn crowd(offline: u32, devices: u32, stations: u32) -> Crowd {
    Crowd { offline, devices, stations }
}

#[test]
fn a_dead_gateway_is_an_outage_of_the_gateway() {
    assert_eq!(RULES.level(crowd(900, 1_000, 200), crowd(6, 6, 1)), Some(OutageLevel::Gateway));
    assert_eq!(RULES.level(crowd(499, 1_000, 200), crowd(2, 6, 1)), None, "most of its devices are online");
}

#[test]
fn a_dark_site_is_an_outage_of_the_station_even_if_it_has_a_gateway_of_its_own() {
    assert_eq!(RULES.level(crowd(12, 12, 1), crowd(12, 12, 1)), Some(OutageLevel::Station));
    assert_eq!(RULES.level(crowd(12, 1_000, 3), crowd(10, 12, 1)), Some(OutageLevel::Station));
    assert_eq!(RULES.level(crowd(4, 4, 2), crowd(4, 4, 1)), None, "too few");
}

#[test]
fn a_single_device_is_never_an_outage() {
    let rules = OutageRules { min_devices: 0, min_percent: 0 };
    assert_eq!(rules.level(crowd(1, 1, 1), crowd(1, 1, 1)), None);
    assert!(rules.is_over(0) && !rules.is_over(1));
    assert!(RULES.is_over(4) && !RULES.is_over(5));
}

#[test]
fn a_device_that_is_part_of_an_outage_leaves_it_when_it_is_back() {
    let place = IssuePlace::Station(StationId(Uuid::from_u128(1)));
    let outage = IssueKey { cause: Cause::Offline, place };
    assert_eq!(outage.severity(), Severity::Critical);
    let id = crate::ids::IssueId::derive(&outage.to_string(), at(0));
    let mut evaluation = Evaluation::new(std::collections::BTreeMap::new(), Maintenance::default());
    let offline = connectivity(at(0), false);
    evaluation.apply(&rules(), written(&offline, at(0)));
    evaluation.watch_mut(&key(Cause::Offline, None)).standing = Standing::PartOf(id);
    evaluation.elapse(at(10_000));
    assert_eq!(evaluation.take_transitions(), [], "it opens no issue of its own");
    let online = connectivity(at(10_001), true);
    evaluation.apply(&rules(), written(&online, at(10_001)));
    let left = evaluation.take_transitions();
    assert_eq!((left.len(), left[0].kind, left[0].issue), (1, TransitionKind::Left, id));
}
