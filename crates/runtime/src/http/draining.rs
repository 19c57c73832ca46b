//! A server that is about to stop says so on every connection, so that callers who keep theirs go elsewhere while there is time.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::ConnectionType,
    middleware::Next,
};

use crate::Shutdown;

/// How an application knows that its server is about to stop.
#[derive(Clone)]
pub(super) struct Draining(pub(super) Shutdown);

/// Answers with `Connection: close` from the signal to stop on. A load balancer that passes connections on sends new ones
/// elsewhere and leaves those that are open to whoever holds them; closed without a word, one might just carry a request.
pub(super) async fn announce(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let draining = request.app_data::<Draining>().cloned();
    let mut response = next.call(request).await?;
    if draining.is_some_and(|Draining(shutdown)| shutdown.is_draining()) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}
