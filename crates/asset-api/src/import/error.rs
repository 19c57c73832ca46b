//! Why a file is not imported.

use actix_web::http::StatusCode;
use runtime::Problem;
use std::io;

/// Why a file is not imported, as far as it is not the fault of a row.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// As many imports go on as may.
    #[error("too many imports go on")]
    TooMany,
    /// It is in no form that can be imported.
    #[error("send text/csv or application/x-ndjson, in UTF-8")]
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

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        let detail = error.to_string();
        match error {
            ImportError::TooMany => Self::unavailable("TOO_MANY_IMPORTS", "Too many imports go on", 5),
            ImportError::NotATable => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UNSUPPORTED_MEDIA_TYPE",
                "Content type is not supported",
            )
            .detail(detail),
            ImportError::TooLarge(_) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", "Request body is too large")
                    .detail(detail)
            }
            ImportError::CameTooSlowly => {
                Self::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "Request body came too slowly")
            }
            ImportError::BrokeOff => Self::invalid(Vec::new()).field("body", "broke off before its end"),
            ImportError::TooSlow => {
                Self::unavailable("REQUEST_DEADLINE_EXCEEDED", "The request took too long", 1).detail(detail)
            }
            ImportError::Spool(error) => Self::internal(&error),
        }
    }
}
