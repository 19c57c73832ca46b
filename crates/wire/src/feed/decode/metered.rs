//! Decodes the meters of open sessions from protobuf.

use super::settled::money;
use super::{Decoded, invalid, required, session};
use crate::proto::platform as proto;
use domain::feed::{SessionMeter, SessionMetered};
use domain::tariffs::UnpricedCode;

pub(super) fn metered(body: proto::SessionMetered) -> Decoded<SessionMetered> {
    Ok(SessionMetered {
        session: session(body.session.ok_or_else(|| invalid("no session"))?)?,
        meter: SessionMeter {
            read_at: required(body.read_at.as_ref())?,
            energy_wh: body.energy_wh,
            power_w: body.power_w,
            soc_percent: body.soc_percent,
            total: body.total.as_ref().map(money).transpose()?,
            // A code that only a newer release knows counts as absent.
            unpriced: body.unpriced.as_deref().and_then(UnpricedCode::parse),
        },
    })
}
