//! The configuration of a charge point.

use super::Answer;
use domain::commands::{ConfigurationKey, ConfigurationValue};
use std::collections::BTreeMap;

/// The greatest number of keys of a device.
const MAX_KEYS: usize = 200;

/// Keys of OCPP 1.6 that describe the device and are read-only.
const READ_ONLY: [&str; 8] = [
    "ChargeProfileMaxStackLevel",
    "ChargingScheduleAllowedChargingRateUnit",
    "ChargingScheduleMaxPeriods",
    "GetConfigurationMaxKeys",
    "LocalAuthListMaxLength",
    "NumberOfConnectors",
    "SendLocalListMaxLength",
    "SupportedFeatureProfiles",
];

/// Keys and their values. Keys are not case-sensitive.
#[derive(Debug, Clone, Default)]
pub(super) struct Configuration(BTreeMap<String, ConfigurationValue>);

impl Configuration {
    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(&key.to_ascii_lowercase()).map(ConfigurationValue::as_str)
    }

    /// Accepts any key that is not read-only, up to the greatest number of keys.
    pub(super) fn set(&mut self, key: &ConfigurationKey, value: ConfigurationValue) -> Answer {
        let key = key.as_str().to_ascii_lowercase();
        let is_read_only = READ_ONLY.iter().any(|name| name.eq_ignore_ascii_case(&key));
        if is_read_only || (self.0.len() >= MAX_KEYS && !self.0.contains_key(&key)) {
            return Answer::Rejected;
        }
        self.0.insert(key, value);
        Answer::Accepted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_keys_is_limited() {
        let mut configuration = Configuration::default();
        let mut set = |key: &str, value| {
            let value = ConfigurationValue::parse(value).unwrap();
            configuration.set(&ConfigurationKey::parse(key).unwrap(), value)
        };
        for number in 0..MAX_KEYS {
            assert_eq!(set(&format!("Vendor{number}"), "1"), Answer::Accepted);
        }
        assert_eq!(set("OneMore", "1"), Answer::Rejected);
        assert_eq!(set("VENDOR0", "2"), Answer::Accepted);
        assert_eq!(configuration.get("Vendor0"), Some("2"));
        assert_eq!(configuration.get("OneMore"), None);
    }
}
