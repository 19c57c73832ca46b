//! The columns of sessions as CSV.

/// The first row: the fields of a session, and the two columns of the last row.
pub const HEADER: &str = "id,pileId,stationId,operatorId,chargePointId,connectorId,transactionId,idTag,reservationId,commandId,startedAt,startedBy,endedAt,\
endReason,endIssuedBy,meterStartWh,meterStopWh,energyWh,limits.maxEnergyWh,limits.maxDurationS,limits.maxAmount,limits.currency,\
limitReached.limit,limitReached.at,limitReached.value,limitReached.finalValue,limitReached.overshoot,limitReached.stopCommandId,exportOutcome,nextCursor\r\n";

/// The columns of a session, in the order of [`HEADER`]; a field of an object has the object's name in
/// front.
pub const COLUMNS: [&str; 28] = [
    "id",
    "pileId",
    "stationId",
    "operatorId",
    "chargePointId",
    "connectorId",
    "transactionId",
    "idTag",
    "reservationId",
    "commandId",
    "startedAt",
    "startedBy",
    "endedAt",
    "endReason",
    "endIssuedBy",
    "meterStartWh",
    "meterStopWh",
    "energyWh",
    "limits.maxEnergyWh",
    "limits.maxDurationS",
    "limits.maxAmount",
    "limits.currency",
    "limitReached.limit",
    "limitReached.at",
    "limitReached.value",
    "limitReached.finalValue",
    "limitReached.overshoot",
    "limitReached.stopCommandId",
];

#[cfg(test)]
mod tests;
