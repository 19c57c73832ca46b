//! What a command to a station would do: the same selection and the same checks, and nothing is sent.

use super::{Batches, StationOrder};
use crate::error::DispatchError;
use domain::assets::OperatorBound;
use domain::ids::{ChargePointId, PileId, StationId};
use storage::commands::batches::{self, ScopeRefusal};
use storage::commands::{self, CommandContext, ContextQuery};
use storage::{PooledConnection, StorageError};

/// The piles whose contexts are loaded with one statement.
const AT_ONCE: usize = 128;

/// The expected outcome of a command to a station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Preview {
    /// The number of selected piles.
    pub piles: usize,
    /// Those that would be refused, in the order of their ids.
    pub refused: Vec<RefusedPile>,
}

/// A pile that would be refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefusedPile {
    /// The pile.
    pub pile_id: PileId,
    /// Its device; `None` if the pile was retired or moved in this moment.
    pub charge_point_id: Option<ChargePointId>,
    /// The code of a single command.
    pub code: &'static str,
    /// What the code means for this pile, for people; `None` if there is nothing to add.
    pub detail: Option<String>,
}

impl Batches {
    /// Selects and checks the piles of `order` for a caller with `bound`. The gateways are not looked up.
    ///
    /// # Errors
    /// As for [`Batches::order`], except for the key.
    pub(crate) async fn preview(
        &self,
        station_id: StationId,
        order: &StationOrder,
        bound: OperatorBound,
    ) -> Result<Preview, DispatchError> {
        let (scope, context_scope) = (order.scope.clone(), order.command.intent().scope());
        let query = move |bound: &OperatorBound, pile_id| ContextQuery {
            pile_id,
            bound: bound.clone(),
            key: None,
            scope: context_scope,
        };
        let work = async move |mut connection: PooledConnection| {
            let piles = match batches::select_piles(&mut connection, station_id, &bound, &scope).await? {
                Ok(piles) => piles,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let mut contexts = Vec::with_capacity(piles.len());
            for some in piles.chunks(AT_ONCE) {
                let queries: Vec<_> = some.iter().map(|pile_id| query(&bound, *pile_id)).collect();
                let loaded = commands::load_contexts(&mut connection, &queries).await?;
                contexts.extend(some.iter().copied().zip(loaded));
            }
            Ok(Ok(contexts))
        };
        let loaded: Result<Result<Vec<_>, ScopeRefusal>, StorageError> = self.database.run(work).await;
        let contexts = loaded??;
        let piles = contexts.len();
        let refused =
            contexts.into_iter().filter_map(|(pile_id, context)| refusal(pile_id, context, order)).collect();
        Ok(Preview { piles, refused })
    }
}

/// Why the pile would be refused; `None` if it would be commanded.
fn refusal(pile_id: PileId, context: CommandContext, order: &StationOrder) -> Option<RefusedPile> {
    let (charge_point_id, error) = match context.pile {
        // No command to a station starts a charge, so startable statuses do not matter.
        Some(pile) => match order.command.intent().decide(&pile, &[]) {
            Ok(_sent) => return None,
            Err(refused) => (Some(pile.charge_point_id), DispatchError::from(refused)),
        },
        None => (None, DispatchError::PileNotFound),
    };
    Some(RefusedPile { pile_id, charge_point_id, code: error.code(), detail: error.shown() })
}
