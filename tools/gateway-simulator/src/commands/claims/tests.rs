//! Tests of the claims of pods.

use super::*;

const SESSION: TimeDelta = TimeDelta::seconds(10);

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

/// Six partitions that begin at offset 0.
fn groups(groups: CommandGroups, pods: usize) -> Claims {
    let mut claims = Claims::by_groups(groups, SESSION, (0..6).collect(), pods);
    begin(&mut claims);
    claims
}

fn begin(claims: &mut Claims) {
    (0..6).for_each(|partition| claims.resolve_first(partition, 0));
}

/// The pods that read the record at `offset` of `partition`, fetched from there.
fn read(claims: &mut Claims, partition: i32, offset: i64) -> Vec<usize> {
    claims.deliver(partition, offset, offset)
}

#[test]
fn a_shared_group_splits_the_partitions_in_ranges() {
    let mut claims = groups(CommandGroups::Shared, 3);
    let readers: Vec<_> = (0..6).map(|partition| read(&mut claims, partition, 0)).collect();
    assert_eq!(readers, [[0], [0], [1], [1], [2], [2]]);
    assert_eq!(groups(CommandGroups::Shared, 1).deliver(5, 0, 0), [0]);
}

#[test]
fn a_group_for_each_pod_reads_everything() {
    let mut claims = groups(CommandGroups::PerPod, 2);
    assert_eq!(read(&mut claims, 3, 0), [0, 1]);
    assert!(claims.starts_at_oldest());
}

#[test]
fn a_killed_pod_reads_its_commands_again() {
    let mut claims = groups(CommandGroups::PerPod, 2);
    read(&mut claims, 3, 0);
    claims.kill(0, at(0));
    assert_eq!(read(&mut claims, 3, 1), [1], "the other one continues");
    claims.restart(0);
    assert_eq!(claims.fetch_from(3), FetchFrom::First);
    begin(&mut claims);
    assert_eq!(claims.fetch_from(3), FetchFrom::Offset(0));
    assert_eq!(claims.deliver(3, 0, 0), [0], "the other one has read it");
    assert_eq!(claims.deliver(3, 0, 1), [0]);
    assert_eq!(claims.deliver(3, 0, 2), [1, 0]);
}

#[test]
fn the_others_read_a_killed_pods_partitions_again_after_its_session() {
    let mut claims = groups(CommandGroups::Shared, 3);
    for partition in 0..6 {
        read(&mut claims, partition, 0);
    }
    claims.kill(2, at(0));
    assert_eq!(claims.fetch_from(4), FetchFrom::NoReader);
    claims.expire_sessions(at(9));
    assert_eq!(claims.fetch_from(4), FetchFrom::NoReader, "the group has not noticed");
    claims.expire_sessions(at(10));
    assert_eq!(claims.fetch_from(4), FetchFrom::First, "nothing was committed");
    begin(&mut claims);
    assert_eq!(read(&mut claims, 4, 0), [1], "executed again");
    assert_eq!(claims.fetch_from(2), FetchFrom::Offset(1), "the others' offsets were committed");
    assert_eq!(read(&mut claims, 2, 1), [0]);
}

#[test]
fn a_restart_assigns_the_ranges_again() {
    let mut claims = groups(CommandGroups::Shared, 2);
    read(&mut claims, 1, 0);
    claims.kill(1, at(0));
    claims.restart(1);
    assert_eq!(claims.fetch_from(1), FetchFrom::Offset(1));
    assert_eq!(read(&mut claims, 1, 1), [0]);
    begin(&mut claims);
    assert_eq!(read(&mut claims, 3, 0), [1]);
}

#[test]
fn in_the_contracts_manner_a_pod_continues_at_its_last_offset() {
    let mut claims = Claims::by_hash([4, 7, 4].into_iter());
    assert_eq!(claims.partitions(), [4, 7]);
    claims.resolve_first(4, 10);
    assert_eq!(claims.deliver(4, 10, 10), [0, 2]);
    claims.kill(2, at(0));
    assert_eq!(claims.deliver(4, 11, 11), [0]);
    claims.restart(2);
    assert_eq!(claims.fetch_from(4), FetchFrom::Offset(11));
    assert_eq!(claims.deliver(4, 11, 11), [2]);
}

#[test]
fn records_fetched_before_a_reset_are_not_delivered() {
    let mut claims = groups(CommandGroups::PerPod, 1);
    for offset in 0..3 {
        read(&mut claims, 0, offset);
    }
    claims.kill(0, at(0));
    claims.restart(0);
    claims.resolve_first(0, 0);
    assert_eq!(claims.deliver(0, 3, 3), [0; 0], "offsets 0 to 2 come first");
    assert_eq!(claims.deliver(0, 0, 0), [0]);
}

#[test]
fn skips_unreadable_offsets() {
    let mut claims = groups(CommandGroups::PerPod, 1);
    claims.skip(0, 0, 17);
    assert_eq!(claims.fetch_from(0), FetchFrom::Offset(17));
    claims.skip(0, 3, 20);
    assert_eq!(claims.fetch_from(0), FetchFrom::Offset(17));
}
