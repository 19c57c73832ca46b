//! Decodes receipts from protobuf.

use super::{Decoded, invalid, required, session};
use crate::proto::platform as proto;
use domain::feed::{ReceiptIssued, SessionSettled};
use domain::tariffs::{Currency, Money, UnpricedCode};

pub(super) fn settled(body: proto::SessionSettled) -> Decoded<SessionSettled> {
    Ok(SessionSettled {
        session: session(body.session.ok_or_else(|| invalid("no session"))?)?,
        receipt: ReceiptIssued {
            number: body.number,
            replaces: body.replaces,
            issued_at: required(body.issued_at.as_ref())?,
            digest: body.digest,
            energy_wh: body.energy_wh,
            total: body.total.as_ref().map(money).transpose()?,
            // A code that only a newer release knows counts as absent.
            unpriced: body.unpriced.as_deref().and_then(UnpricedCode::parse),
        },
    })
}

pub(super) fn money(money: &proto::Money) -> Decoded<Money> {
    let currency = Currency::parse(&money.currency).map_err(invalid)?;
    let amount = money.amount.parse().map_err(|_not_a_number| invalid("an amount is not a number"))?;
    Ok(Money::rounded(amount, currency))
}
