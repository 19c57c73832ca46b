//! Checks of a request that need more than the state of its pile.

use super::Dispatcher;
use crate::error::DispatchError;
use domain::assets::OperatorBound;
use domain::commands::CommandRefusal;
use domain::ids::{ConnectorId, PileId};
use domain::sessions::limits::SessionLimits;

impl Dispatcher {
    /// Explains a refusal to a caller with `bound`: a session that is not open has ended, or there is
    /// none at the pile within `bound`.
    pub(super) async fn explain(
        &self,
        pile_id: PileId,
        bound: &OperatorBound,
        refusal: CommandRefusal,
    ) -> DispatchError {
        let CommandRefusal::SessionNotOpen { session_id, .. } = &refusal else { return refusal.into() };
        let found = match self.store.find_session(bound, *session_id).await {
            Ok(found) => {
                found.filter(|found| found.place.as_ref().is_some_and(|place| place.pile_id == pile_id))
            }
            Err(error) => return error,
        };
        match found.map(|found| found.session.ended_at()) {
            None => DispatchError::SessionNotFound,
            Some(Some(at)) => DispatchError::SessionEnded { at },
            // The session is on a device that was exchanged meanwhile.
            Some(None) => refusal.into(),
        }
    }

    /// Completes the limits of a start: an amount is in the currency of the tariff that applies now.
    ///
    /// # Errors
    /// [`DispatchError::NoTariff`] if an amount is limited and no tariff applies, or a failure of
    /// PostgreSQL.
    pub(super) async fn with_currency(
        &self,
        limits: SessionLimits,
        pile_id: PileId,
        connector_id: Option<ConnectorId>,
    ) -> Result<SessionLimits, DispatchError> {
        if limits.max_amount.is_none() {
            return Ok(limits);
        }
        let currency = self.store.find_currency(pile_id, connector_id).await?;
        Ok(SessionLimits { currency: Some(currency.ok_or(DispatchError::NoTariff)?), ..limits })
    }
}
