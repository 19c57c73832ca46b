//! A draining server announces on every connection that it is about to stop, so that clients with
//! persistent connections go elsewhere in time.

use actix_web::{dev::ResponseHead, http::ConnectionType};

use crate::Shutdown;

/// The application's view of the shutdown signal.
#[derive(Clone)]
pub(super) struct Draining(pub(super) Shutdown);

impl Draining {
    /// Adds `Connection: close` to every response after the shutdown signal. A load balancer that
    /// forwards connections sends new ones elsewhere but leaves open ones with their clients;
    /// closed without notice, a connection might be carrying a request.
    pub(super) fn announce(&self, answer: &mut ResponseHead) {
        if self.0.is_draining() {
            answer.set_connection_type(ConnectionType::Close);
        }
    }
}
