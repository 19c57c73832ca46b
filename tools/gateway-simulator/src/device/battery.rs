//! The vehicle's battery, which determines the power.

/// The state of charge, as a share, above which the power decreases.
const KNEE: f64 = 0.8;
/// The share of the power at a full battery.
const TRICKLE: f64 = 0.1;

/// A battery.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Battery {
    capacity_wh: f64,
    charged_wh: f64,
}

impl Battery {
    /// A battery of 60 kWh that is charged to this share.
    pub(super) fn charged_to(share: f64) -> Self {
        let capacity_wh = 60_000.0;
        Self { capacity_wh, charged_wh: capacity_wh * share }
    }

    fn share(&self) -> f64 {
        self.charged_wh / self.capacity_wh
    }

    pub(super) fn soc_percent(&self) -> f64 {
        (self.share() * 1_000.0).round() / 10.0
    }

    pub(super) fn is_full(&self) -> bool {
        self.share() >= 1.0
    }

    /// The power in W if at most `max_power_w` is available.
    pub(super) fn power_w(&self, max_power_w: f64) -> f64 {
        if self.is_full() {
            return 0.0;
        }
        let beyond_knee = ((self.share() - KNEE) / (1.0 - KNEE)).max(0.0);
        (max_power_w * (1.0 - (1.0 - TRICKLE) * beyond_knee)).round()
    }

    /// Charges for `hours`; returns the energy in Wh.
    pub(super) fn charge(&mut self, max_power_w: f64, hours: f64) -> f64 {
        let room_wh = (self.capacity_wh - self.charged_wh).max(0.0);
        let taken_wh = (self.power_w(max_power_w) * hours).clamp(0.0, room_wh);
        self.charged_wh += taken_wh;
        taken_wh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_decreases_towards_the_end() {
        assert!((Battery::charged_to(0.2).power_w(60_000.0) - 60_000.0).abs() < 1.0);
        assert!((Battery::charged_to(0.9).power_w(60_000.0) - 33_000.0).abs() < 1.0);
        assert!(Battery::charged_to(1.0).power_w(60_000.0) < 1.0);
    }

    #[test]
    fn takes_no_more_than_its_capacity() {
        let mut battery = Battery::charged_to(0.5);
        assert!((battery.charge(60_000.0, 100.0) - 30_000.0).abs() < 1.0);
        assert!(battery.is_full());
        assert!(battery.charge(60_000.0, 1.0) < 1.0);
    }
}
