//! The bodies of commands, parsed into what is meant by them. One module for each command.

mod change_availability;
mod change_configuration;
mod fields;
mod reset;
mod start;
mod station;
mod stop;
mod trigger_message;
mod unlock_connector;

pub(super) use change_availability::ChangeAvailabilityRequest;
pub(super) use change_configuration::ChangeConfigurationRequest;
pub(super) use reset::ResetRequest;
pub(super) use start::StartRequest;
pub(super) use station::StationRequest;
pub(super) use stop::StopRequest;
pub(super) use trigger_message::TriggerMessageRequest;
pub(super) use unlock_connector::UnlockConnectorRequest;

use crate::intent::Intent;
use runtime::problem::FieldError;
use serde::de::DeserializeOwned;

/// A body that asks for a command.
pub(super) trait CommandRequest: DeserializeOwned + Default + 'static {
    /// What is asked for, or everything that is wrong with the fields.
    fn parse(self) -> Result<Intent, Vec<FieldError>>;
}
