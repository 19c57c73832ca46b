//! Inserting several commands in one statement, some of which may conflict with others.

use super::{Shared, fail};
use std::collections::VecDeque;
use storage::commands::{self, Conflict, NewCommand, Recorded};
use storage::{Database, StorageError};

/// Inserts the commands and returns the outcome of each. A statement inserts all or none; if a
/// command conflicts, its batch is split in halves.
pub(crate) async fn insert(database: Database, new: Vec<NewCommand>) -> Vec<Shared<Result<(), Conflict>>> {
    let mut outcomes = Vec::with_capacity(new.len());
    let mut parts = VecDeque::from([new]);
    while let Some(mut part) = parts.pop_front() {
        let count = part.len();
        match insert_all(&database, part.clone()).await {
            Ok(Recorded::All) => outcomes.extend((0..count).map(|_| Ok(Ok(())))),
            Ok(Recorded::None(conflict)) if count == 1 => outcomes.push(Ok(Err(conflict))),
            Err(error) if count == 1 || error.is_transient() => outcomes.extend(fail(count, error)),
            Ok(Recorded::None(_)) | Err(_) => {
                let second = part.split_off(count / 2);
                parts.push_front(second);
                parts.push_front(part);
            }
        }
    }
    outcomes
}

async fn insert_all(database: &Database, new: Vec<NewCommand>) -> Result<Recorded, StorageError> {
    database.run_here(async move |mut connection| commands::insert_many(&mut connection, &new).await).await
}
