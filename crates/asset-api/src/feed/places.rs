//! The places of each caller among the clients that follow the feed.

use super::problem::FeedRefusal;
use runtime::lock::MutexExt as _;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex};

/// Counts the clients of each caller; callers without clients take no memory.
pub struct CallerPlaces {
    limit: usize,
    taken: Mutex<HashMap<Arc<str>, usize>>,
}

/// One place of a caller; released when dropped.
pub struct CallerPlace {
    places: Arc<CallerPlaces>,
    caller: Arc<str>,
}

impl CallerPlaces {
    /// Gives each caller `limit` places.
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, taken: Mutex::default() })
    }

    /// Takes a place of the caller with the subject `caller`.
    ///
    /// # Errors
    /// [`FeedRefusal::TooManyFollowersOfCaller`] when all of them are taken.
    pub fn enter(self: &Arc<Self>, caller: &str) -> Result<CallerPlace, FeedRefusal> {
        let mut taken = self.taken.locked();
        if taken.get(caller).copied().unwrap_or_default() >= self.limit {
            return Err(FeedRefusal::TooManyFollowersOfCaller);
        }
        let caller: Arc<str> = caller.into();
        *taken.entry(Arc::clone(&caller)).or_default() += 1;
        Ok(CallerPlace { places: Arc::clone(self), caller })
    }
}

impl Drop for CallerPlace {
    fn drop(&mut self) {
        let mut taken = self.places.taken.locked();
        let Entry::Occupied(mut count) = taken.entry(Arc::clone(&self.caller)) else { return };
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_each_caller_and_forgets_those_without_clients() {
        let places = CallerPlaces::new(2);
        let first = places.enter("a").unwrap();
        let _second = places.enter("a").unwrap();
        assert!(matches!(places.enter("a"), Err(FeedRefusal::TooManyFollowersOfCaller)));
        let other = places.enter("b").unwrap();
        drop(first);
        let _third = places.enter("a").unwrap();
        assert!(places.enter("a").is_err());
        drop(other);
        assert_eq!(places.taken.locked().keys().map(AsRef::as_ref).collect::<Vec<&str>>(), ["a"]);
    }
}
