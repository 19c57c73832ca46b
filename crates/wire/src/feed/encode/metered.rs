//! Encodes the meters of open sessions as protobuf.

use super::settled::money;
use crate::proto::platform as proto;
use crate::value::time::to_timestamp;
use domain::feed::SessionMetered;

pub(super) fn metered(body: &SessionMetered) -> proto::SessionMetered {
    let meter = &body.meter;
    proto::SessionMetered {
        session: Some(super::session(&body.session)),
        read_at: Some(to_timestamp(meter.read_at)),
        energy_wh: meter.energy_wh,
        power_w: meter.power_w,
        soc_percent: meter.soc_percent,
        total: meter.total.map(money),
        unpriced: meter.unpriced.map(|code| code.as_str().to_owned()),
    }
}
