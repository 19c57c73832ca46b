//! Exports of sessions, for the OpenAPI document.

/// An export as CSV, for the OpenAPI document.
pub const CSV_EXAMPLE: &str = "id,pileId,stationId,operatorId,chargePointId,connectorId,transactionId,idTag,reservationId,commandId,startedAt,startedBy,\
endedAt,endReason,endIssuedBy,meterStartWh,meterStopWh,energyWh,limits.maxEnergyWh,limits.maxDurationS,limits.maxAmount,limits.currency,\
limitReached.limit,limitReached.at,limitReached.value,limitReached.finalValue,limitReached.overshoot,limitReached.stopCommandId,exportOutcome,nextCursor\r\n\
0192f0c5-41d2-7e6a-9b0c-8d5e2f7a1b33,0192f0c2-10aa-7f21-8a3d-6b1d5c4e9f02,0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11,op-7,\
CP-3101-0007,1,634,04E91C5A2B3C80,,,2026-03-01T09:00:00Z,event,2026-03-01T09:30:00Z,EVDisconnected,,1182400.0,1204550.0,22150.0,,,,,,,,,,,,\r\n\
,,,,,,,,,,,,,,,,,,,,,,,,,,,,complete,\r\n";

/// An export as NDJSON, for the OpenAPI document.
pub const NDJSON_EXAMPLE: &str = concat!(
    r#"{"session":{"id":"0192f0c5-41d2-7e6a-9b0c-8d5e2f7a1b33","pileId":"0192f0c2-10aa-7f21-8a3d-6b1d5c4e9f02","#,
    r#""stationId":"0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11","operatorId":"op-7","chargePointId":"CP-3101-0007","#,
    r#""connectorId":1,"transactionId":"634","idTag":"04E91C5A2B3C80","reservationId":null,"commandId":null,"#,
    r#""startedAt":"2026-03-01T09:00:00Z","startedBy":"event","endedAt":"2026-03-01T09:30:00Z","#,
    r#""endReason":"EVDisconnected","endIssuedBy":null,"meterStartWh":1182400.0,"meterStopWh":1204550.0,"energyWh":22150.0,"#,
    r#""limits":null,"limitReached":null}}"#,
    "\n",
    r#"{"end":{"outcome":"complete","rows":1,"nextCursor":null}}"#,
    "\n"
);
