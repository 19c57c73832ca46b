//! Recording several commands at once, of which some cannot be.

use super::{Shared, fail};
use std::collections::VecDeque;
use storage::commands::{self, Conflict, NewCommand, Recorded};
use storage::{Database, StorageError};

/// What became of each. A statement records all or none: while one meets another command, the halves are tried.
pub(crate) async fn record(database: Database, new: Vec<NewCommand>) -> Vec<Shared<Result<(), Conflict>>> {
    let mut recorded = Vec::with_capacity(new.len());
    let mut parts = VecDeque::from([new]);
    while let Some(mut part) = parts.pop_front() {
        let count = part.len();
        match record_all(&database, part.clone()).await {
            Ok(Recorded::All) => recorded.extend((0..count).map(|_| Ok(Ok(())))),
            Ok(Recorded::None(conflict)) if count == 1 => recorded.push(Ok(Err(conflict))),
            Err(error) if count == 1 || error.is_transient() => recorded.extend(fail(count, error)),
            Ok(Recorded::None(_)) | Err(_) => {
                let second = part.split_off(count / 2);
                parts.push_front(second);
                parts.push_front(part);
            }
        }
    }
    recorded
}

async fn record_all(database: &Database, new: Vec<NewCommand>) -> Result<Recorded, StorageError> {
    database.run(async move |mut connection| commands::record_many(&mut connection, &new).await).await
}
