//! The records of accepted commands on the topic.

use crate::answer::Answer;
use crate::app::TestApp;
use serde_json::{Value, json};

impl TestApp {
    /// Sends a command with each of these bodies and compares the published payload with the
    /// expected one, byte for byte.
    pub async fn assert_sent(&self, pile: impl ToString, command: &str, cases: &[(Value, &str)]) {
        for (body, payload) in cases {
            let answer = self.command(pile.to_string(), command, body.clone()).await;
            assert_eq!(answer.status, 202, "{body}: {answer}");
            assert_eq!(self.sent(&answer).await, *payload, "{body}");
        }
    }

    /// The payload of the record of the command; asserts that its envelope is what gateways expect.
    async fn sent(&self, answer: &Answer) -> String {
        let partition = answer.body["partition"].as_i64().unwrap();
        let records = self.published(i32::try_from(partition).unwrap()).await;
        let id = answer.text("commandId");
        let records = records.into_iter().map(|record| String::from_utf8(record.value.unwrap()).unwrap());
        let mut of_the_command = records.filter(|value| value.contains(id));
        let value = of_the_command.next().unwrap();
        assert_eq!(of_the_command.next(), None, "one record for each command");
        let (before, rest) = value.split_once(r#","payload":"#).unwrap();
        let (payload, after) = rest.split_once(r#","traceId":"#).unwrap();
        let envelope: Value = serde_json::from_str(&format!(r#"{before},"traceId":{after}"#)).unwrap();
        assert_eq!(
            envelope,
            json!({
                "commandId": id, "commandName": answer.text("commandName"),
                "chargePointId": answer.text("chargePointId"), "gatewayId": answer.text("gatewayId"),
                "traceId": envelope["traceId"], "issuedAt": envelope["issuedAt"],
                "expiresAt": envelope["expiresAt"],
            })
        );
        payload.to_owned()
    }

    /// The field errors of each of these bodies, all of which must be refused as invalid: a line
    /// for each body.
    pub async fn field_errors(&self, pile: impl ToString, command: &str, bodies: &[Value]) -> String {
        let mut lines = Vec::new();
        for body in bodies {
            let answer = self.command(pile.to_string(), command, body.clone()).await;
            assert_eq!((answer.status.as_u16(), answer.text("code")), (400, "INVALID_REQUEST"), "{body}");
            let errors = answer.body["errors"].as_array().unwrap().iter();
            let errors = errors.map(|error| format!("{}: {}", error["field"], error["message"]));
            lines.push(errors.collect::<Vec<_>>().join(", "));
        }
        lines.join("\n")
    }
}
