//! The bodies of commands, parsed into intents. One module for each command.

mod change_availability;
mod change_configuration;
mod reset;
mod start;
mod stop;
mod trigger_message;
mod unlock_connector;

pub(crate) use change_availability::ChangeAvailabilityRequest;
pub(crate) use change_configuration::ChangeConfigurationRequest;
pub(crate) use reset::ResetRequest;
pub(crate) use start::StartRequest;
pub(crate) use stop::StopRequest;
pub(crate) use trigger_message::TriggerMessageRequest;
pub(crate) use unlock_connector::UnlockConnectorRequest;

use crate::dispatch::intent::Intent;
use runtime::problem::FieldError;
use serde::de::DeserializeOwned;

/// The body of a command request.
pub(crate) trait CommandRequest: DeserializeOwned + Default + 'static {
    /// Returns the intent, or every invalid field.
    fn parse(self) -> Result<Intent, Vec<FieldError>>;
}
