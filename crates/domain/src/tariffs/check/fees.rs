//! Checks the tiers of bands, and the fees other than energy.

use super::{Check, FEE_IN_KWH, MAX_GRACE_MINUTES, MAX_TIER_WH, MAX_TIERS};
use crate::tariffs::charging_time::{ChargingTimeBasis, ChargingTimeFee};
use crate::tariffs::draft::{ChargingTimeDraft, OccupancyDraft, TierDraft};
use crate::tariffs::energy::Energy;
use crate::tariffs::price_list::OccupancyFee;
use crate::tariffs::tier::Tier;
use rust_decimal::Decimal;

impl Check {
    pub(super) fn tiers(&mut self, path: &str, drafts: &[TierDraft]) -> Vec<Tier> {
        let mut tiers = vec![];
        if self.count(path, drafts.len(), 1, MAX_TIERS) {
            return tiers;
        }
        let mut before = 0;
        for (index, draft) in drafts.iter().enumerate() {
            let path = format!("{path}[{index}]");
            let above_wh = self.threshold(&format!("{path}.aboveWh"), before, draft.above_wh);
            let rate = self.rate(&path, &draft.electricity_price, &draft.service_fee);
            tiers.extend(above_wh.zip(rate).map(|(above_wh, rate)| Tier { above_wh, rate }));
            before = before.max(draft.above_wh);
        }
        tiers
    }

    /// A threshold that is greater than the one before.
    fn threshold(&mut self, path: &str, before: i64, wh: i64) -> Option<Energy> {
        if !(1..=MAX_TIER_WH).contains(&wh) {
            self.add_finding(path, format_args!("must be from 1 to {MAX_TIER_WH}"));
            return None;
        }
        if wh <= before {
            self.add_finding(path, "must be greater than that of the tier before");
            return None;
        }
        self.valid_or_finding(path, Energy::from_wh(Decimal::from(wh)))
    }

    pub(super) fn charging_time(&mut self, draft: &ChargingTimeDraft) -> Option<ChargingTimeFee> {
        let price = self.price("chargingTime.pricePerMinute", &draft.price_per_minute, Decimal::ONE);
        let basis = ChargingTimeBasis::parse(&draft.basis).ok_or("must be session or energyFlow");
        let basis = self.valid_or_finding("chargingTime.basis", basis);
        let (price_per_minute, basis) = price.zip(basis)?;
        Some(ChargingTimeFee { price_per_minute, basis })
    }

    pub(super) fn occupancy(&mut self, draft: &OccupancyDraft) -> Option<OccupancyFee> {
        let price = self.price("occupancy.pricePerMinute", &draft.price_per_minute, Decimal::ONE);
        let grace = u16::try_from(draft.grace_minutes).ok().filter(|minutes| *minutes <= MAX_GRACE_MINUTES);
        let grace = grace.ok_or_else(|| format!("must be from 0 to {MAX_GRACE_MINUTES}"));
        let grace = self.valid_or_finding("occupancy.graceMinutes", grace);
        let cap =
            draft.cap.as_ref().and_then(|raw| self.price("occupancy.cap", raw, Decimal::from(FEE_IN_KWH)));
        let (price_per_minute, grace_minutes) = price.zip(grace)?;
        Some(OccupancyFee { price_per_minute, grace_minutes, cap })
    }
}
