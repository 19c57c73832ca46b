//! A server that is about to stop says so on every connection, so that callers who keep theirs go elsewhere while there is time.

use actix_web::{dev::ResponseHead, http::ConnectionType};

use crate::Shutdown;

/// How an application knows that its server is about to stop.
#[derive(Clone)]
pub(super) struct Draining(pub(super) Shutdown);

impl Draining {
    /// Has an answer, good or bad, say `Connection: close` from the signal to stop on. A load balancer that passes connections on
    /// sends new ones elsewhere and leaves those that are open to whoever holds them; closed without a word, one might just carry
    /// a request.
    pub(super) fn announce(&self, answer: &mut ResponseHead) {
        if self.0.is_draining() {
            answer.set_connection_type(ConnectionType::Close);
        }
    }
}
