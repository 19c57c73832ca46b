//! Encodes receipts as protobuf.

use crate::proto::platform as proto;
use crate::value::time::to_timestamp;
use domain::feed::SessionSettled;
use domain::tariffs::Money;

pub(super) fn settled(body: &SessionSettled) -> proto::SessionSettled {
    let receipt = &body.receipt;
    proto::SessionSettled {
        session: Some(super::session(&body.session)),
        number: receipt.number,
        replaces: receipt.replaces,
        issued_at: Some(to_timestamp(receipt.issued_at)),
        digest: receipt.digest.clone(),
        energy_wh: receipt.energy_wh,
        total: receipt.total.map(money),
        unpriced: receipt.unpriced.map(|code| code.as_str().to_owned()),
    }
}

pub(super) fn money(money: Money) -> proto::Money {
    proto::Money { amount: money.amount().to_string(), currency: money.currency().to_string() }
}
