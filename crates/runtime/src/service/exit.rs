//! How a command says more with its exit code than that it failed.

/// The error of a command that did its work and ends with a code of its own; nothing is logged about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ended with exit code {0}")]
pub struct ExitWith(pub u8);
