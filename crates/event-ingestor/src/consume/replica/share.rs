//! The fair share of partitions.

/// The share of the replica with `rank` (from 0) among `live` replicas. All shares add up to
/// `partitions`, and differ by at most one.
pub(super) fn fair_share(partitions: usize, live: i64, rank: i64) -> usize {
    let live = usize::try_from(live).unwrap_or(1).max(1);
    let rank = usize::try_from(rank).unwrap_or(0);
    partitions / live + usize::from(rank < partitions % live)
}

#[cfg(test)]
mod tests {
    use super::fair_share;

    #[test]
    fn shares_add_up_and_differ_by_one_at_most() {
        for partitions in 0..40 {
            for live in 1..20_i64 {
                let shares: Vec<_> = (0..live).map(|rank| fair_share(partitions, live, rank)).collect();
                assert_eq!(shares.iter().sum::<usize>(), partitions);
                assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1);
            }
        }
    }
}
