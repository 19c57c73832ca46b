//! When devices that are offline together are one issue.

/// When devices that are offline together are one issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutageRules {
    /// The least number of devices.
    pub min_devices: u32,
    /// The least share of the devices of the gateway or the station, in percent.
    pub min_percent: u32,
}

/// The devices of a gateway or a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Crowd {
    /// How many are offline, counting those that are not offline for long enough yet.
    pub offline: u32,
    /// How many there are.
    pub devices: u32,
    /// At how many stations the offline ones are.
    pub stations: u32,
}

/// What has an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutageLevel {
    /// The gateway.
    Gateway,
    /// The station.
    Station,
}

impl OutageRules {
    /// What has the outage that a device is part of, of whose gateway and station these are the
    /// devices; `None` if the device is an issue of its own. Devices of a single station are not an
    /// outage of their gateway.
    #[must_use]
    pub fn level(&self, gateway: Crowd, station: Crowd) -> Option<OutageLevel> {
        if gateway.stations > 1 && self.is_outage(gateway) {
            return Some(OutageLevel::Gateway);
        }
        self.is_outage(station).then_some(OutageLevel::Station)
    }

    /// Whether an outage is over that `remaining` devices are still part of.
    #[must_use]
    pub const fn is_over(&self, remaining: u32) -> bool {
        remaining == 0 || remaining < self.min_devices
    }

    fn is_outage(&self, crowd: Crowd) -> bool {
        // A single device is never an outage.
        let is_share =
            u64::from(crowd.offline) * 100 >= u64::from(crowd.devices) * u64::from(self.min_percent);
        crowd.offline > 1 && crowd.offline >= self.min_devices && is_share
    }
}
