//! Why a file is not imported.

use crate::http::error::IntoProblem;
use runtime::Problem;
use runtime::http::{too_large, too_late, too_slow, unsupported_media_type};
use std::io;

/// Why a file is not imported, as far as it is not the fault of a row.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// As many imports go on as may.
    #[error("too many imports go on")]
    TooMany,
    /// It is in no form that can be imported.
    #[error("send text/csv in UTF-8, GBK, GB18030, Big5 or UTF-16, or application/x-ndjson in UTF-8")]
    NotATable,
    /// It is larger than may be, in bytes.
    #[error("at most {0} bytes are accepted")]
    TooLarge(u64),
    /// It did not come in time.
    #[error("the file came too slowly")]
    CameTooSlowly,
    /// It broke off before its end.
    #[error("the file broke off before its end")]
    BrokeOff,
    /// It could not be worked through in time.
    #[error("what was not written by now is not; what was is unchanged when the file is sent again")]
    TooSlow,
    /// It could not be kept on disk, or not be read again.
    #[error("the file could not be kept")]
    Spool(#[source] io::Error),
}

impl IntoProblem for ImportError {
    fn into_problem(self) -> Problem {
        let detail = self.to_string();
        match self {
            Self::TooMany => Problem::unavailable("TOO_MANY_IMPORTS", "Too many imports go on", 5),
            Self::NotATable => unsupported_media_type().detail(detail),
            Self::TooLarge(_) => too_large().detail(detail),
            Self::CameTooSlowly => too_slow(),
            Self::BrokeOff => Problem::invalid(Vec::new()).field("body", "broke off before its end"),
            Self::TooSlow => too_late().detail(detail),
            Self::Spool(error) => Problem::internal(&error),
        }
    }
}
