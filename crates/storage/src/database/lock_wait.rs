//! How long statements wait for locks of tables and rows that other work queues behind.

/// A value of PostgreSQL's `lock_timeout`. Statements queue behind the one that waits, so the wait is
/// short: less than the statement timeout, and less than `deadlock_timeout`, 1 s. Two statements that
/// wait for each other must end with the wait of the one that can be repeated later, not with a
/// deadlock in which PostgreSQL may let the other one fail.
pub(crate) const LOCK_WAIT: &str = "500ms";
