//! The JSON form of the preview of a command to a station.

use crate::batches::{Preview, RefusedPile, StationOrder};
use domain::ids::{ChargePointId, PileId, StationId};
use schemars::JsonSchema;
use serde::Serialize;

/// What a command to a station would do now.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "BatchPreview")]
pub(crate) struct PreviewAnswer<'a> {
    /// The station whose piles would be commanded.
    station_id: StationId,
    /// The OCPP 1.6 action that each pile would get.
    command_name: &'static str,
    /// The number of selected piles, at most 1,000.
    piles: usize,
    /// The number of these that would be refused.
    refused: usize,
    /// The most piles that would be commanded per second.
    rate_per_second: u16,
    /// How long the batch would take at that rate, in seconds, if no other batch to the station runs.
    duration_s: usize,
    /// The piles that would be refused, in the order of their ids.
    refusals: Vec<RefusedPileView<'a>>,
}

/// A pile that would be refused.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RefusedPile")]
struct RefusedPileView<'a> {
    /// The id of the pile.
    pile_id: PileId,
    /// Its device; null if the pile was retired or moved during the preview.
    charge_point_id: Option<&'a ChargePointId>,
    /// Why there would be no command, as the code of a single command.
    code: &'static str,
    /// What `code` means for this pile, for people; null if there is nothing to add.
    detail: Option<&'a str>,
}

impl<'a> PreviewAnswer<'a> {
    /// The preview of `order` to the station.
    pub(super) fn of(station_id: StationId, order: &StationOrder, preview: &'a Preview) -> Self {
        let rate_per_second = order.rate_per_second;
        Self {
            station_id,
            command_name: order.command.intent().name(),
            piles: preview.piles,
            refused: preview.refused.len(),
            rate_per_second,
            duration_s: preview.piles.div_ceil(usize::from(rate_per_second.max(1))),
            refusals: preview.refused.iter().map(RefusedPileView::from).collect(),
        }
    }
}

impl<'a> From<&'a RefusedPile> for RefusedPileView<'a> {
    fn from(refused: &'a RefusedPile) -> Self {
        let RefusedPile { pile_id, charge_point_id, code, detail } = refused;
        Self { pile_id: *pile_id, charge_point_id: charge_point_id.as_ref(), code, detail: detail.as_deref() }
    }
}
