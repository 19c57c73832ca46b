//! The result of the POST of a command.

use crate::http_client::Response;
use anyhow::Context as _;
use serde::Deserialize;
use uuid::Uuid;

/// A command that was accepted with 202.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted {
    /// The command's id.
    pub id: Uuid,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    command_id: Uuid,
}

impl Posted {
    /// Reads the id of the accepted command; an error if it was not accepted.
    pub fn read(response: &Response) -> anyhow::Result<Self> {
        let accepted = response.body_of(202)?;
        let accepted: Accepted =
            serde_json::from_slice(accepted).context("decode the body of a response 202")?;
        Ok(Self { id: accepted.command_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_response_202_is_an_accepted_command() {
        let response =
            |status, body: &str| Response { status, body: body.as_bytes().to_vec(), closes: false };
        let id = Uuid::from_u128(7);
        let accepted = response(202, &format!(r#"{{"commandId":"{id}","status":"accepted"}}"#));
        assert_eq!(Posted::read(&accepted).unwrap(), Posted { id });
        assert!(Posted::read(&response(200, &format!(r#"{{"commandId":"{id}"}}"#))).is_err());
        assert!(Posted::read(&response(202, "{}")).is_err());
    }
}
