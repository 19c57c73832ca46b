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
use runtime::http::fields::Fields;

/// The body of a command request. The type itself is its form in the OpenAPI document.
pub(crate) trait CommandRequest: 'static {
    /// Reads the intent; `None` if a field was refused.
    fn read(body: &mut Fields) -> Option<Intent>;
}
