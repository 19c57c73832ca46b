//! Exit codes of commands.

/// The error of a command that ends with a specific exit code; it is not logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ended with exit code {0}")]
pub struct ExitWith(pub u8);
