//! The vocabulary of OCPP 1.6, recognized in any case and with or without separators.

use super::{InvalidValue, text};
use domain::status::ConnectorStatus;

/// Whether `sent` is `name` in camelCase, snake_case, kebab-case or upper case.
pub(crate) fn same_name(sent: &str, name: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = u8> {
        let separators = |byte: &u8| matches!(byte, b'_' | b'-' | b' ');
        text.bytes().filter(move |byte| !separators(byte)).map(|byte| byte.to_ascii_lowercase())
    }
    sent == name || letters(sent).eq(letters(name))
}

/// OCPP 1.6 `ChargePointErrorCode`, without `NoError`.
const ERROR_CODES: [&str; 15] = [
    "ConnectorLockFailure",
    "EVCommunicationError",
    "GroundFailure",
    "HighTemperature",
    "InternalError",
    "LocalListConflict",
    "OtherError",
    "OverCurrentFailure",
    "OverVoltage",
    "PowerMeterFailure",
    "PowerSwitchFailure",
    "ReaderFailure",
    "ResetFailure",
    "UnderVoltage",
    "WeakSignal",
];

/// OCPP 1.6 `Reason` of a stopped transaction.
const STOP_REASONS: [&str; 11] = [
    "DeAuthorized",
    "EmergencyStop",
    "EVDisconnected",
    "HardReset",
    "Local",
    "Other",
    "PowerLoss",
    "Reboot",
    "Remote",
    "SoftReset",
    "UnlockCommand",
];

/// OCPP 1.6's status words for answers to the platform's commands.
const ANSWER_STATUSES: [&str; 8] = [
    "Accepted",
    "Rejected",
    "NotImplemented",
    "NotSupported",
    "RebootRequired",
    "Scheduled",
    "Unlocked",
    "UnlockFailed",
];

/// The reasons that gateways give for the failure of a command.
const ANSWER_REASONS: [&str; 3] = ["DEVICE_OFFLINE", "INVALID_COMMAND_PAYLOAD", "DEVICE_REJECTED"];

/// Parses a connector's status; OCPP 1.6 has no others.
pub(crate) fn status(sent: &str) -> Result<ConnectorStatus, InvalidValue> {
    let known =
        ConnectorStatus::ALL.into_iter().find(|status| same_name(text::trimmed(sent), status.as_str()));
    known.ok_or_else(|| InvalidValue::not("a connector status of OCPP 1.6", sent))
}

/// The canonical error code; `None` for `NoError`.
pub(crate) fn error_code(sent: &str) -> Option<String> {
    canonical(sent, &ERROR_CODES).filter(|code| !same_name(code, "NoError"))
}

/// The canonical reason of a transaction's stop.
pub(crate) fn stop_reason(sent: &str) -> Option<String> {
    canonical(sent, &STOP_REASONS)
}

/// The canonical status of a device's answer.
pub(crate) fn answer_status(sent: &str) -> Option<String> {
    canonical(sent, &ANSWER_STATUSES)
}

/// The canonical reason of a command's failure.
pub(crate) fn answer_reason(sent: &str) -> Option<String> {
    canonical(sent, &ANSWER_REASONS)
}

/// The canonical spelling of `sent`; an unknown word is kept, cleaned.
fn canonical(sent: &str, known: &[&str]) -> Option<String> {
    let word = text::clean(sent)?;
    let spelling = known.iter().find(|name| same_name(&word, name));
    Some(spelling.map_or(word, |name| (*name).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_every_status_in_every_spelling() {
        for status in ConnectorStatus::ALL {
            let name = status.as_str();
            for spelling in [name.to_owned(), name.to_lowercase(), name.to_uppercase(), format!(" {name} ")] {
                assert_eq!(super::status(&spelling), Ok(status));
            }
        }
        assert_eq!(status("suspended_ev"), Ok(ConnectorStatus::SuspendedEV));
        assert_eq!(status("SUSPENDED_EVSE"), Ok(ConnectorStatus::SuspendedEVSE));
        assert!(status("Occupied").is_err());
        assert!(status("").is_err());
    }

    #[test]
    fn known_words_become_canonical_and_unknown_ones_are_kept() {
        assert_eq!(error_code("no_error"), None);
        assert_eq!(error_code("ground_failure").as_deref(), Some("GroundFailure"));
        assert_eq!(error_code("E-17").as_deref(), Some("E-17"));
        assert_eq!(stop_reason("ev_disconnected").as_deref(), Some("EVDisconnected"));
        assert_eq!(answer_status("accepted").as_deref(), Some("Accepted"));
        assert_eq!(answer_reason("device_offline").as_deref(), Some("DEVICE_OFFLINE"));
    }
}
