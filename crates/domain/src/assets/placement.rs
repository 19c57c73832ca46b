//! Where a device is, and therefore whose its sessions are.

use crate::ids::{PileId, StationId};
use crate::text::Label;
use serde::{Deserialize, Serialize};

/// The place of a device at an instant. A session keeps the place where its device was when it
/// began, whatever is edited later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Placement {
    /// The pile that the device was assigned to.
    pub pile_id: PileId,
    /// The station of the pile.
    pub station_id: StationId,
    /// The operator of the station; `None` if not stated.
    pub operator_id: Option<Label>,
}
