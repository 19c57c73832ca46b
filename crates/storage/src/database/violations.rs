//! Violations of unique constraints and indexes.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// Whether `error` is a violation of the unique constraint or index with this name.
///
/// On Citus each shard has constraints of its own, with the shard's number at the end of the name; and
/// a violation by `insert … select` is reported without its kind and name, only in the text.
pub(crate) fn violates_unique(error: &DieselError, name: &str) -> bool {
    let DieselError::DatabaseError(kind, info) = error else { return false };
    match kind {
        DatabaseErrorKind::UniqueViolation => {
            info.constraint_name().is_some_and(|found| found == name || is_of_shard(found, name))
        }
        _ if info.message().contains("unique constraint") => {
            info.message().split('"').any(|quoted| is_of_shard(quoted, name))
        }
        _ => false,
    }
}

/// Whether `found` is `name` with the number of a shard.
fn is_of_shard(found: &str, name: &str) -> bool {
    found
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|shard| !shard.is_empty() && shard.bytes().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
