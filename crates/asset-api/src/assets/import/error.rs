//! The reasons why a file is not imported.

use crate::http::error::IntoProblem;
use runtime::Problem;
use runtime::http::{too_large, too_late, too_slow, unsupported_media_type};
use std::io;

/// The reason why a file is not imported, apart from invalid rows.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// As many imports run as `import.max_concurrent` allows.
    #[error("too many imports are running")]
    TooMany,
    /// The content type is not one that can be imported.
    #[error("send text/csv in UTF-8, GBK, GB18030, Big5 or UTF-16, or application/x-ndjson in UTF-8")]
    NotATable,
    /// The file is larger than this limit, in bytes.
    #[error("at most {0} bytes are accepted")]
    TooLarge(u64),
    /// The client did not send the file within `import.receive_timeout_ms`.
    #[error("the file was not received in time")]
    CameTooSlowly,
    /// The connection ended before the end of the file.
    #[error("the connection ended before the end of the file")]
    BrokeOff,
    /// Checking or writing the rows took longer than `import.work_timeout_ms`.
    #[error(
        "rows that were not written in time are not imported; send the file again, rows that were written count as unchanged"
    )]
    TooSlow,
    /// The file could not be written to disk or read from it.
    #[error("the temporary file of the import could not be written or read")]
    Spool(#[source] io::Error),
}

impl IntoProblem for ImportError {
    fn into_problem(self) -> Problem {
        let detail = self.to_string();
        match self {
            Self::TooMany => Problem::unavailable("TOO_MANY_IMPORTS", "Too many imports are running", 5),
            Self::NotATable => unsupported_media_type().detail(detail),
            Self::TooLarge(_) => too_large().detail(detail),
            Self::CameTooSlowly => too_slow(),
            Self::BrokeOff => Problem::invalid(Vec::new()).field("body", "ended before it was complete"),
            Self::TooSlow => too_late().detail(detail),
            Self::Spool(error) => Problem::internal(&error),
        }
    }
}
