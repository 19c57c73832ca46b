//! The words of OCPP 1.6, recognised in any case and with or without separators.

use super::{Unusable, text};
use domain::status::ConnectorStatus;

/// Whether `sent` is `name`, be it camelCase, snake_case, kebab-case or shouted.
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

/// The statuses that OCPP 1.6 answers the platform's commands with.
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

/// What a gateway gives as the reason of a command's failure.
const ANSWER_REASONS: [&str; 3] = ["DEVICE_OFFLINE", "INVALID_COMMAND_PAYLOAD", "DEVICE_REJECTED"];

/// A connector's status; there is no tenth.
pub(crate) fn status(sent: &str) -> Result<ConnectorStatus, Unusable> {
    let known =
        ConnectorStatus::ALL.into_iter().find(|status| same_name(text::trimmed(sent), status.as_str()));
    known.ok_or_else(|| Unusable::not("a connector status of OCPP 1.6", sent))
}

/// An error code; `None` for `NoError`.
pub(crate) fn error_code(sent: &str) -> Option<String> {
    canonical(sent, &ERROR_CODES).filter(|code| !same_name(code, "NoError"))
}

/// Why a transaction was stopped.
pub(crate) fn stop_reason(sent: &str) -> Option<String> {
    canonical(sent, &STOP_REASONS)
}

/// What a device answered.
pub(crate) fn answer_status(sent: &str) -> Option<String> {
    canonical(sent, &ANSWER_STATUSES)
}

/// Why a command failed.
pub(crate) fn answer_reason(sent: &str) -> Option<String> {
    canonical(sent, &ANSWER_REASONS)
}

/// The known spelling of `sent`; an unknown word is kept as it is, cleaned.
fn canonical(sent: &str, known: &[&str]) -> Option<String> {
    let word = text::clean(sent)?;
    let spelling = known.iter().find(|name| same_name(&word, name));
    Some(spelling.map_or(word, |name| (*name).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_known_in_every_spelling() {
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
    fn known_words_get_their_spelling_and_unknown_ones_are_kept() {
        assert_eq!(error_code("no_error"), None);
        assert_eq!(error_code("ground_failure").as_deref(), Some("GroundFailure"));
        assert_eq!(error_code("E-17").as_deref(), Some("E-17"));
        assert_eq!(stop_reason("ev_disconnected").as_deref(), Some("EVDisconnected"));
        assert_eq!(answer_status("accepted").as_deref(), Some("Accepted"));
        assert_eq!(answer_reason("device_offline").as_deref(), Some("DEVICE_OFFLINE"));
    }
}
