//! Protects clients from handlers that never finish or that panic.

use std::{cell::Cell, panic::AssertUnwindSafe, rc::Rc, time::Duration};

use actix_web::{
    Error, HttpMessage as _, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::StatusCode,
    middleware::Next,
};
use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::{target, unfinished::Serving};
use crate::Problem;

/// The deadline of an application that is built without settings.
const FALLBACK: Duration = Duration::from_secs(10);

/// The deadline of requests that do not extend it.
#[derive(Clone, Copy)]
pub(super) struct DefaultDeadline(pub(super) Duration);

/// The instant at which the current request is aborted.
#[derive(Clone)]
pub struct Deadline(Rc<Cell<Instant>>);

impl Deadline {
    /// Sets the deadline of a request that takes long, such as an import, to `by` from now.
    pub fn extend(request: &HttpRequest, by: Duration) {
        if let Some(deadline) = request.extensions().get::<Self>() {
            deadline.0.set(Instant::now() + by);
        }
    }
}

/// Answers 503 at the deadline and 500 for a panic, whose text appears in the log only.
///
/// The deadline covers the time until the response begins, not the streaming of its body.
pub(super) async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    target::check(&request)?;
    let default = request.app_data::<DefaultDeadline>().map_or(FALLBACK, |deadline| deadline.0);
    let end = Rc::new(Cell::new(Instant::now() + default));
    request.extensions_mut().insert(Deadline(Rc::clone(&end)));
    let _work = Serving::begin(&request);
    let handled = AssertUnwindSafe(next.call(request)).catch_unwind();
    tokio::select! {
        outcome = handled => outcome.unwrap_or_else(|_panic| Err(Problem::bare_internal().into())),
        () = passed(&end) => Err(too_late().into()),
    }
}

/// Sleeps until the deadline, which may be moved meanwhile.
async fn passed(end: &Cell<Instant>) {
    while Instant::now() < end.get() {
        tokio::time::sleep_until(end.get()).await;
    }
}

/// 503 for a request that did not finish by its deadline.
#[must_use]
pub fn too_late() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "REQUEST_DEADLINE_EXCEEDED",
        "The request did not finish in time",
    )
    .retry_after(1)
}
