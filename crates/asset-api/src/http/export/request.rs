//! The request for an export.

use super::{ExportList, Exports, Format, accepted_format, response};
use crate::http::bound::Bound;
use crate::http::context::Api;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::fields::parse::one_of;
use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse};
use domain::assets::OperatorBound;
use runtime::http::QueryParams;
use runtime::http::page::take_cursor;
use runtime::openapi::Parameter;
use std::future::{Ready, ready};
use std::sync::Arc;

/// A request for an export of any list.
pub struct ExportRequest {
    pub api: Arc<Api>,
    pub exports: Data<Exports>,
    /// The operators to which the caller is bound.
    pub bound: OperatorBound,
    /// The format that `Accept` prefers, until [`ExportRequest::read`] finds one in the query.
    pub format: Format,
    query: Fields,
}

impl ExportRequest {
    /// Reads the query: the cursor after which the export begins, and what `take` takes of it.
    ///
    /// # Errors
    /// For an invalid cursor, and with all faults of the other parameters.
    pub fn read<C, T>(
        &mut self,
        decode: impl Fn(&str) -> Option<C>,
        take: impl FnOnce(&mut Fields) -> Option<T>,
    ) -> Result<(Option<C>, T), ApiError> {
        let mut query = std::mem::take(&mut self.query);
        let after = take_cursor(&mut query, decode)?;
        let requested = query.optional("format", one_of(&Format::ALL, Format::as_str));
        let taken = take(&mut query);
        let taken = query.finish(taken)?;
        self.format = requested.unwrap_or(self.format);
        Ok((after, taken))
    }

    /// The response with the rows that `list` creates from the context and the bound, after `after`.
    ///
    /// # Errors
    /// [`TooManyExports`](super::TooManyExports), and if the first page cannot be read.
    pub async fn respond<L: ExportList>(
        self,
        list: impl FnOnce(Arc<Api>, OperatorBound) -> L,
        after: Option<L::Position>,
    ) -> Result<HttpResponse, ApiError> {
        let export = self.exports.begin(list(self.api, self.bound), self.format, after)?;
        Ok(response::<L>(self.format).streaming(export.body().await?))
    }

    /// The parameters of every export, for the OpenAPI document.
    pub fn parameters() -> [Parameter; 2] {
        [
            Parameter::query::<String>(
                "cursor",
                "The position after which the export begins: the `nextCursor` of an export or of a page of the list, with the same \
                 parameters.",
            ),
            Parameter::query::<Format>(
                "format",
                "The format; when absent, the one that `Accept` prefers, or `csv` if it names neither.",
            ),
        ]
    }
}

impl FromRequest for ExportRequest {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(extract(request, payload))
    }
}

fn extract(request: &HttpRequest, payload: &mut Payload) -> Result<ExportRequest, Error> {
    let Bound(bound) = Bound::from_request(request, payload).into_inner()?;
    let QueryParams(query) = QueryParams::from_request(request, payload).into_inner()?;
    Ok(ExportRequest {
        api: Data::<Api>::from_request(request, payload).into_inner()?.into_inner(),
        exports: Data::from_request(request, payload).into_inner()?,
        bound,
        format: accepted_format(request),
        query,
    })
}
