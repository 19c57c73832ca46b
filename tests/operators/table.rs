//! How each operation of both services is called, and what a bound caller gets.
//!
//! `{name}` is a value of the operator whose data is asked for: first that of the other operator,
//! then the caller's own. `{own.name}` is always the caller's own, `{fresh}` a new text, and `{t0}`
//! and `{t1}` are times in the last two hours.

use crate::client::Call;
use crate::side::Side;
use chrono::{SecondsFormat, TimeDelta};
use reqwest::Method;
use testkit::unique;

/// What the caller gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It is done, and the answer contains nothing of another operator.
    Done,
    /// A list, a report or a stream, in which nothing of another operator is.
    Listed,
    /// The thing does not exist: 404.
    Hidden,
    /// A value is not allowed: 400.
    Invalid,
    /// The charge point is in use: 409.
    Taken,
    /// Refused for the value, or for the version if one is named: 400, 409 or 412.
    Refused,
    /// The thing exists; whether the request succeeds depends on its state.
    Exists,
    /// The operation is not for bound callers: 403.
    Forbidden,
}

impl Expected {
    /// Whether a response may have this status.
    pub const fn allows(self, status: u16) -> bool {
        match self {
            Self::Done => matches!(status, 200..=299),
            Self::Listed => status == 200,
            Self::Hidden => status == 404,
            Self::Invalid => status == 400,
            Self::Taken => status == 409,
            Self::Refused => matches!(status, 400 | 409 | 412),
            Self::Exists => matches!(status, 200..=299 | 409),
            Self::Forbidden => status == 403,
        }
    }
}

/// A call of an operation.
pub struct Row {
    pub operation: &'static str,
    method: &'static str,
    path: &'static str,
    /// A template of JSON or of a CSV file; empty for none.
    body: &'static str,
    /// With the other operator's values.
    pub other: Expected,
    /// With the caller's own values.
    pub own: Expected,
}

impl Row {
    /// The call by a caller of `own` with the values of `of`.
    pub fn call(&self, own: &Side, of: &Side) -> Call {
        let fill = |template: &str| fill(template, own, of);
        Call {
            method: self.method.parse().unwrap(),
            path: format!("/api/v1/{}", fill(self.path)),
            body: Some(fill(self.body)).filter(|body| !body.is_empty()),
            if_match: None,
        }
    }

    pub fn is_read(&self) -> bool {
        self.method == Method::GET.as_str() && !self.is_stream()
    }

    pub fn is_stream(&self) -> bool {
        self.operation == "followFeed"
    }
}

fn fill(template: &str, own: &Side, of: &Side) -> String {
    let mut filled = String::new();
    let mut rest = template;
    // Braces of JSON are followed by a quote or a blank, those of names are not.
    while let Some((before, behind)) = rest.split_once('{') {
        filled.push_str(before);
        let end = behind.find(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '.'));
        match end.filter(|end| *end > 0 && behind[*end..].starts_with('}')) {
            None => {
                filled.push('{');
                rest = behind;
            }
            Some(end) => {
                filled.push_str(&value(&behind[..end], own, of));
                rest = &behind[end + 1..];
            }
        }
    }
    filled + rest
}

fn value(name: &str, own: &Side, of: &Side) -> String {
    let ago = |minutes| {
        (runtime::clock::now() - TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Secs, true)
    };
    match name {
        "fresh" => unique("CP"),
        "t0" => ago(90),
        "t1" => ago(60),
        _ => match name.strip_prefix("own.") {
            Some(name) => own.get(name).to_owned(),
            None => of.get(name).to_owned(),
        },
    }
}

macro_rules! rows {
    ($($operation:literal $method:literal $path:literal $body:literal $other:ident $own:ident)*) => {
        &[$(Row {
            operation: $operation,
            method: $method,
            path: $path,
            body: $body,
            other: Expected::$other,
            own: Expected::$own,
        }),*]
    };
}

/// Every operation, in the order in which they are called: first those that change nothing.
pub const ROWS: &[Row] = rows![
    // Stations.
    "listStations" "GET" "stations?limit=1" "" Listed Listed
    "listStations" "GET" "stations?operatorId={operator}" "" Listed Listed
    "listStations" "GET" "stations?q={stationName}" "" Listed Listed
    "listStations" "GET" "stations?availableOnly=true" "" Listed Listed
    "listStations" "GET" "stations?retired=true" "" Listed Listed
    "listStations" "GET" "stations?near=31.23,121.47&limit=1" "" Listed Listed
    "listStations" "GET" "stations?near=31.23,121.47&operatorId={operator}" "" Listed Listed
    "getStation" "GET" "stations/{station}" "" Hidden Exists
    "getStation" "GET" "stations/{retiredStation}?retired=true" "" Hidden Exists
    "getStationAvailability" "GET" "stations/{station}/availability" "" Hidden Exists
    "auditStation" "GET" "stations/{station}/audit?limit=1" "" Hidden Exists
    "auditStation" "GET" "stations/{retiredStation}/audit" "" Hidden Exists
    "listPilesOfStation" "GET" "stations/{station}/piles?limit=1" "" Hidden Exists
    // Piles.
    "listPiles" "GET" "piles?limit=1" "" Listed Listed
    "listPiles" "GET" "piles?stationId={station}" "" Listed Listed
    "listPiles" "GET" "piles?chargePointId={device}" "" Listed Listed
    "listPiles" "GET" "piles?q={pileName}" "" Listed Listed
    "listPiles" "GET" "piles?status=Available" "" Listed Listed
    "listPiles" "GET" "piles?online=true" "" Listed Listed
    "listPiles" "GET" "piles?retired=true" "" Listed Listed
    "getPile" "GET" "piles/{pile}" "" Hidden Exists
    "getPile" "GET" "piles/{retiredPile}?retired=true" "" Hidden Exists
    "auditPile" "GET" "piles/{pile}/audit?limit=1" "" Hidden Exists
    "auditPile" "GET" "piles/{retiredPile}/audit" "" Hidden Exists
    "listPlacements" "GET" "piles/{pile}/placements?limit=1" "" Hidden Exists
    "listSessionsOfPile" "GET" "piles/{pile}/sessions?limit=1" "" Hidden Exists
    "listStatusHistory" "GET" "piles/{pile}/status-history?limit=1" "" Hidden Exists
    "listStatusHistory" "GET" "piles/{retiredPile}/status-history?limit=1&retired=true" "" Hidden Exists
    "listUnregisteredChargePoints" "GET" "unregistered-charge-points" "" Forbidden Forbidden
    "countFleet" "GET" "fleet" "" Listed Listed
    "listAudit" "GET" "audit?limit=1" "" Listed Listed
    "listAudit" "GET" "audit?thingId={station}" "" Listed Listed
    "listAudit" "GET" "audit?thingType=tariffBinding" "" Listed Listed
    // Sessions.
    "listSessions" "GET" "sessions?limit=1" "" Listed Listed
    "listSessions" "GET" "sessions?operatorId={operator}" "" Listed Listed
    "listSessions" "GET" "sessions?stationId={station}" "" Listed Listed
    "listSessions" "GET" "sessions?pileId={pile}" "" Listed Listed
    "listSessions" "GET" "sessions?chargePointId={device}" "" Listed Listed
    "listSessions" "GET" "sessions?idTag={idTag}" "" Listed Listed
    "listSessions" "GET" "sessions?transactionId={transaction}" "" Listed Listed
    "listSessions" "GET" "sessions?commandId={command}" "" Listed Listed
    "listSessions" "GET" "sessions?state=open" "" Listed Listed
    "exportSessions" "GET" "sessions/export?format=csv" "" Listed Listed
    "exportSessions" "GET" "sessions/export?format=ndjson" "" Listed Listed
    "exportSessions" "GET" "sessions/export?format=ndjson&stationId={station}" "" Listed Listed
    "exportSessions" "GET" "sessions/export?format=csv&operatorId={operator}" "" Listed Listed
    "getSession" "GET" "sessions/{session}" "" Hidden Exists
    "getSession" "GET" "sessions/{open}" "" Hidden Exists
    "auditSession" "GET" "sessions/{session}/audit" "" Hidden Exists
    "listMeterSamples" "GET" "sessions/{session}/meter-samples?limit=1" "" Hidden Exists
    "quoteRecordedSession" "GET" "sessions/{session}/quote" "" Hidden Exists
    "getReceipt" "GET" "sessions/{session}/receipt" "" Hidden Exists
    "getReceipt" "GET" "sessions/{session}/receipt?number=1" "" Hidden Exists
    "listReceipts" "GET" "sessions/{session}/receipts" "" Hidden Exists
    // Tariffs.
    "listTariffs" "GET" "tariffs?limit=1" "" Listed Listed
    "listTariffs" "GET" "tariffs?operatorId={operator}" "" Listed Listed
    "listTariffs" "GET" "tariffs?retired=true" "" Listed Listed
    "listTariffs" "GET" "tariffs?awaitsApproval=false" "" Listed Listed
    "getTariff" "GET" "tariffs/{tariff}" "" Hidden Exists
    "auditTariff" "GET" "tariffs/{tariff}/audit?limit=1" "" Hidden Exists
    "getTariffDraft" "GET" "tariffs/{tariff}/draft" "" Hidden Exists
    "listTariffVersions" "GET" "tariffs/{tariff}/versions?limit=1" "" Hidden Exists
    "getTariffVersion" "GET" "tariffs/{tariff}/versions/1" "" Hidden Exists
    "whatIfTariffVersion" "GET" "tariffs/{tariff}/versions/1/what-if?stationId={station}&from=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z" "" Hidden Exists
    "whatIfTariffVersion" "GET" "tariffs/{own.tariff}/versions/1/what-if?stationId={station}&from=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z" "" Hidden Exists
    "getTariffVersionAsOcpi" "GET" "tariffs/{tariff}/versions/1/ocpi?countryCode=CN&partyId=ABC" "" Hidden Exists
    "getTariffVersionAsTcec" "GET" "tariffs/{tariff}/versions/1/tcec" "" Hidden Exists
    // The reliability ledger.
    "listReliability" "GET" "reliability?from=2026-01-01&until=2026-02-01&limit=1" "" Listed Listed
    "listReliability" "GET" "reliability?from=2026-01-01&until=2026-02-01&groupBy=connector&pileId={pile}" "" Listed Listed
    "listReliability" "GET" "reliability?from=2026-01-01&until=2026-02-01&groupBy=pile&stationId={station}" "" Listed Listed
    "listReliability" "GET" "reliability?from=2026-01-01&until=2026-02-01&groupBy=operator&operatorId={operator}" "" Listed Listed
    "exportReliability" "GET" "reliability/export?from=2026-01-01&until=2026-02-01&groupBy=connector" "" Listed Listed
    "exportReliability" "GET" "reliability/export?from=2026-01-01&until=2026-02-01&groupBy=operator&format=ndjson" "" Listed Listed
    "listExclusions" "GET" "reliability/exclusions?limit=1" "" Listed Listed
    "listExclusions" "GET" "reliability/exclusions?stationId={station}" "" Listed Listed
    "listExclusions" "GET" "reliability/exclusions?pileId={pile}&reason=grid" "" Listed Listed
    "getExclusion" "GET" "reliability/exclusions/{exclusion}" "" Hidden Exists
    // Energy and revenue.
    "listRevenue" "GET" "revenue?from=2026-01-01&until=2026-02-01&limit=1" "" Listed Listed
    "listRevenue" "GET" "revenue?from=2026-01-01&until=2026-02-01&groupBy=operator&operatorId={operator}" "" Listed Listed
    "listRevenue" "GET" "revenue?from=2026-01-01&until=2026-02-01&unit=month&groupBy=station" "" Listed Listed
    "listRevenue" "GET" "revenue?from=2026-01-01&until=2026-02-01&groupBy=station&stationId={station}" "" Listed Listed
    "exportRevenue" "GET" "revenue/export?from=2026-01-01&until=2026-02-01&groupBy=station" "" Listed Listed
    "exportRevenue" "GET" "revenue/export?from=2026-01-01&until=2026-02-01&groupBy=operator&format=ndjson" "" Listed Listed
    "sumEnergy" "GET" "energy?from=2026-01-01&until=2026-02-01&stationId={station}" "" Listed Listed
    "sumEnergy" "GET" "energy?from=2026-01-01&until=2026-02-01&operatorId={operator}" "" Listed Listed
    "listBindings" "GET" "tariffs/bindings?limit=1" "" Listed Listed
    "listBindings" "GET" "tariffs/bindings?tariffId={tariff}" "" Listed Listed
    "listBindings" "GET" "tariffs/bindings?level=station&stationId={station}" "" Listed Listed
    "listBindings" "GET" "tariffs/bindings?level=operator&operatorId={operator}" "" Listed Listed
    "getBinding" "GET" "tariffs/bindings/{binding}" "" Hidden Exists
    "getPrice" "GET" "tariffs/price?stationId={station}" "" Hidden Exists
    "getPrice" "GET" "tariffs/price?pileId={pile}" "" Hidden Exists
    "getPrice" "GET" "tariffs/price?pileId={pile}&connectorId=1" "" Hidden Exists
    "getTimetable" "GET" "tariffs/timetable?pileId={pile}" "" Hidden Exists
    "quoteSession" "POST" "tariffs/quote" r#"{"pileId":"{pile}","connectorId":1,"readings":[{"at":"{t0}","energyWh":0},{"at":"{t1}","energyWh":1000}]}"# Hidden Exists
    "validatePriceList" "POST" "tariffs/validate" r#"{"currency":"CNY","priceList":{"timeZone":"Asia/Shanghai","schedules":[{"bands":[{"from":"00:00","to":"24:00","kind":"flat","electricityPrice":"1","serviceFee":"1"}]}]}}"# Done Done
    // Issues.
    "listIssues" "GET" "issues?limit=1" "" Listed Listed
    "listIssues" "GET" "issues?stationId={station}" "" Listed Listed
    "listIssues" "GET" "issues?operatorId={operator}" "" Listed Listed
    "listIssues" "GET" "issues?chargePointId={device}" "" Listed Listed
    "countIssues" "GET" "issues/counts?stationId={station}" "" Listed Listed
    "getIssue" "GET" "issues/{issue}" "" Hidden Exists
    "listIssueHistory" "GET" "issues/{issue}/history" "" Hidden Exists
    "listIssueDevices" "GET" "issues/{issue}/devices?current=true" "" Hidden Exists
    "listMaintenanceWindows" "GET" "maintenance-windows?limit=1" "" Listed Listed
    "listMaintenanceWindows" "GET" "maintenance-windows?stationId={station}" "" Listed Listed
    "getMaintenanceWindow" "GET" "maintenance-windows/{window}" "" Hidden Exists
    // Operations of the platform.
    "listDeadLetters" "GET" "dead-letters" "" Forbidden Forbidden
    "getDeadLetter" "GET" "dead-letters/{session}" "" Forbidden Forbidden
    "replayDeadLetter" "POST" "dead-letters/{session}/replay" "" Forbidden Forbidden
    "replayDeadLetters" "POST" "dead-letters/replay" r#"{"topic":"events"}"# Forbidden Forbidden
    "listIngestPartitions" "GET" "ingest-partitions" "" Forbidden Forbidden
    // The feed.
    "followFeed" "GET" "feed?types=charging.station.changed.v1" "" Listed Listed
    "followFeed" "GET" "feed?stationId={station},{own.station}" "" Listed Listed
    "followFeed" "GET" "feed?pileId={pile}" "" Listed Listed
    "followFeed" "GET" "feed?chargePointId={device},{own.device}" "" Listed Listed
    "followFeed" "GET" "feed?chargePointId={device}&alsoTypes=charging.issue.changed.v1" "" Listed Listed
    // Commands.
    "listCommandsOfPile" "GET" "piles/{pile}/commands?limit=1" "" Hidden Exists
    "listCommands" "GET" "commands?pileId={pile}" "" Listed Listed
    "listCommands" "GET" "commands?stationId={station}" "" Listed Listed
    "getCommand" "GET" "commands/{command}" "" Hidden Exists
    "listCommandBatches" "GET" "command-batches?limit=1" "" Listed Listed
    "listCommandBatches" "GET" "command-batches?stationId={station}" "" Listed Listed
    "getCommandBatch" "GET" "command-batches/{batch}" "" Hidden Exists
    "listPilesOfCommandBatch" "GET" "command-batches/{batch}/piles?limit=1" "" Hidden Exists
    "triggerMessage" "POST" "piles/{pile}/commands/trigger-message" r#"{"requestedMessage":"Heartbeat"}"# Hidden Exists
    "changeConfiguration" "POST" "piles/{pile}/commands/change-configuration" r#"{"key":"HeartbeatInterval","value":"60"}"# Hidden Exists
    "unlockConnector" "POST" "piles/{pile}/commands/unlock-connector" r#"{"connectorId":1}"# Hidden Exists
    "changeAvailability" "POST" "piles/{pile}/commands/change-availability" r#"{"type":"Operative","connectorId":1}"# Hidden Exists
    "startTransaction" "POST" "piles/{pile}/commands/start-transaction" r#"{"idTag":"T","connectorId":1}"# Hidden Exists
    "stopTransaction" "POST" "piles/{pile}/commands/stop-transaction" r#"{"connectorId":2}"# Hidden Exists
    "stopTransaction" "POST" "piles/{own.pile}/commands/stop-transaction" r#"{"sessionId":"{open}"}"# Hidden Exists
    "resetPile" "POST" "piles/{pile}/commands/reset" r#"{"type":"Soft"}"# Hidden Exists
    "cancelCommand" "POST" "commands/{command}/cancel" "" Hidden Exists
    "cancelCommandBatch" "POST" "command-batches/{batch}/cancel" "" Hidden Exists
    "resetStation" "POST" "stations/{station}/commands/reset" r#"{"type":"Soft"}"# Hidden Exists
    "resetStation" "POST" "stations/{own.station}/commands/reset" r#"{"type":"Soft","pileIds":["{pile}"]}"# Invalid Exists
    "previewResetOfStation" "POST" "stations/{station}/commands/reset/preview" r#"{"type":"Soft"}"# Hidden Exists
    "previewChangeAvailabilityOfStation" "POST" "stations/{station}/commands/change-availability/preview" r#"{"type":"Operative"}"# Hidden Exists
    "changeAvailabilityOfStation" "POST" "stations/{station}/commands/change-availability" r#"{"type":"Operative"}"# Hidden Exists
    "previewTriggerMessageOfStation" "POST" "stations/{station}/commands/trigger-message/preview" r#"{"requestedMessage":"Heartbeat"}"# Hidden Exists
    "triggerMessageOfStation" "POST" "stations/{station}/commands/trigger-message" r#"{"requestedMessage":"Heartbeat"}"# Hidden Exists
    "previewChangeConfigurationOfStation" "POST" "stations/{station}/commands/change-configuration/preview" r#"{"key":"HeartbeatInterval","value":"60"}"# Hidden Exists
    "changeConfigurationOfStation" "POST" "stations/{station}/commands/change-configuration" r#"{"key":"HeartbeatInterval","value":"60"}"# Hidden Exists
    // Changes of issues.
    "acknowledgeIssue" "POST" "issues/{issue}/acknowledge" r#"{"note":"{fresh}"}"# Hidden Exists
    "assignIssue" "POST" "issues/{issue}/assign" r#"{"assignee":"{fresh}"}"# Hidden Exists
    "muteIssue" "POST" "issues/{issue}/mute" r#"{"until":"2098-01-01T00:00:00Z","reason":"r"}"# Hidden Exists
    "unmuteIssue" "POST" "issues/{issue}/unmute" "" Hidden Exists
    "createMaintenanceWindow" "POST" "maintenance-windows" r#"{"stationId":"{station}","beginsAt":"2098-01-01T00:00:00Z","endsAt":"2098-01-02T00:00:00Z","reason":"r"}"# Hidden Exists
    "createMaintenanceWindow" "POST" "maintenance-windows" r#"{"pileId":"{pile}","beginsAt":"2098-01-01T00:00:00Z","endsAt":"2098-01-02T00:00:00Z","reason":"r"}"# Hidden Exists
    "endMaintenanceWindow" "POST" "maintenance-windows/{window}/end" "" Hidden Exists
    // Changes of stations and piles.
    "createStation" "POST" "stations" r#"{"name":"{fresh}","operatorId":"{operator}"}"# Invalid Exists
    "createStation" "POST" "stations" r#"{"name":"{fresh}","operatorId":null}"# Exists Exists
    "replaceStation" "PUT" "stations/{spareStation}" r#"{"name":"{fresh}","operatorId":"{own.operator}"}"# Hidden Exists
    "replaceStation" "PUT" "stations/{own.spareStation}" r#"{"name":"{fresh}","operatorId":"{operator}"}"# Refused Exists
    "patchStation" "PATCH" "stations/{spareStation}" r#"{"name":"{fresh}"}"# Hidden Exists
    "patchStation" "PATCH" "stations/{own.spareStation}" r#"{"operatorId":"{operator}"}"# Refused Exists
    "importStations" "POST" "stations/import?mode=best-effort" "id,name,operatorId\n{spareStation},{fresh},{own.operator}\n" Listed Listed
    "importStations" "POST" "stations/import?mode=best-effort" "id,name\n{pile},{fresh}\n" Listed Listed
    "importStations" "POST" "stations/import" "name,operatorId\n{fresh},{operator}\n" Listed Listed
    "retireStation" "DELETE" "stations/{emptyStation}" "" Hidden Exists
    "restoreStation" "POST" "stations/{retiredStation}/restore" "" Hidden Exists
    "createPile" "POST" "stations/{station}/piles" r#"{"chargePointId":"{fresh}","model":"M","ratedPowerKw":10}"# Hidden Exists
    "createPile" "POST" "stations/{own.station}/piles" r#"{"chargePointId":"{device}","model":"M","ratedPowerKw":10}"# Taken Taken
    "replacePile" "PUT" "piles/{sparePile}" r#"{"chargePointId":"{own.spareDevice}","model":"M","ratedPowerKw":10}"# Hidden Exists
    "replacePile" "PUT" "piles/{own.sparePile}" r#"{"chargePointId":"{device}","model":"M","ratedPowerKw":10}"# Refused Taken
    "patchPile" "PATCH" "piles/{sparePile}" r#"{"name":"{fresh}"}"# Hidden Exists
    "movePile" "POST" "piles/{movingPile}/move" r#"{"stationId":"{own.spareStation}","reason":"r"}"# Hidden Exists
    "movePile" "POST" "piles/{own.pile}/move" r#"{"stationId":"{spareStation}","reason":"r"}"# Hidden Exists
    "replaceChargePoint" "POST" "piles/{sparePile}/replace-charge-point" r#"{"chargePointId":"{fresh}","reason":"r"}"# Hidden Exists
    "replaceChargePoint" "POST" "piles/{own.sparePile}/replace-charge-point" r#"{"chargePointId":"{device}","reason":"r"}"# Refused Taken
    "importPiles" "POST" "piles/import?mode=best-effort" "stationId,chargePointId,model,ratedPowerKw\n{station},{fresh},M,10\n" Listed Listed
    "importPiles" "POST" "piles/import?mode=best-effort" "stationId,chargePointId,model,ratedPowerKw\n{own.station},{spareDevice},M,10\n" Listed Listed
    "retirePile" "DELETE" "piles/{retiringPile}" "" Hidden Exists
    "restorePile" "POST" "piles/{retiredPile}/restore" "" Hidden Exists
    "endSession" "POST" "sessions/{open}/end" r#"{"reason":"r"}"# Hidden Exists
    // Changes of tariffs.
    "createTariff" "POST" "tariffs" r#"{"name":"{fresh}","operatorId":"{operator}","currency":"CNY"}"# Invalid Exists
    "replaceTariff" "PUT" "tariffs/{spareTariff}" r#"{"name":"{fresh}","operatorId":"{own.operator}","currency":"CNY","status":"Active"}"# Hidden Exists
    "patchTariff" "PATCH" "tariffs/{spareTariff}" r#"{"name":"{fresh}"}"# Hidden Exists
    "patchTariff" "PATCH" "tariffs/{own.spareTariff}" r#"{"operatorId":"{operator}"}"# Refused Exists
    "putTariffDraft" "PUT" "tariffs/{draftTariff}/draft" r#"{"timeZone":"Asia/Shanghai","schedules":[{"bands":[{"from":"00:00","to":"24:00","kind":"flat","electricityPrice":"1","serviceFee":"1"}]}]}"# Hidden Exists
    "proposeTariffDraft" "PUT" "tariffs/{draftTariff}/draft/proposal" r#"{"effectiveFrom":"2098-01-01T00:00:00Z"}"# Hidden Exists
    "withdrawTariffProposal" "DELETE" "tariffs/{draftTariff}/draft/proposal" "" Hidden Exists
    "publishTariffDraft" "POST" "tariffs/{draftTariff}/draft/publish" r#"{"effectiveFrom":"2098-01-01T00:00:00Z"}"# Hidden Exists
    "discardTariffDraft" "DELETE" "tariffs/{spareTariff}/draft" "" Hidden Exists
    "excludeDowntime" "POST" "reliability/exclusions" r#"{"pileId":"{pile}","from":"2026-01-01T00:00:00Z","until":"2026-01-02T00:00:00Z","reason":"grid","note":"n"}"# Hidden Exists
    "excludeDowntime" "POST" "reliability/exclusions" r#"{"stationId":"{station}","from":"2026-01-01T00:00:00Z","until":"2026-01-02T00:00:00Z","reason":"grid","note":"n"}"# Hidden Exists
    "withdrawExclusion" "POST" "reliability/exclusions/{exclusion}/withdraw" r#"{"withdrawalNote":"n"}"# Hidden Exists
    "bindTariff" "POST" "tariffs/bindings" r#"{"subject":{"level":"pile","pileId":"{pile}"},"tariffId":"{own.tariff}"}"# Hidden Exists
    "bindTariff" "POST" "tariffs/bindings" r#"{"subject":{"level":"station","stationId":"{spareStation}"},"tariffId":"{own.tariff}"}"# Hidden Exists
    "bindTariff" "POST" "tariffs/bindings" r#"{"subject":{"level":"operator","operatorId":"{operator}"},"tariffId":"{own.tariff}"}"# Hidden Exists
    "bindTariff" "POST" "tariffs/bindings" r#"{"subject":{"level":"platform"},"tariffId":"{own.tariff}"}"# Hidden Hidden
    "bindTariff" "POST" "tariffs/bindings" r#"{"subject":{"level":"connector","pileId":"{own.pile}","connectorId":2},"tariffId":"{tariff}"}"# Hidden Exists
    "endBinding" "POST" "tariffs/bindings/{binding}/end" r#"{}"# Hidden Exists
    "retireTariff" "DELETE" "tariffs/{spareTariff}" "" Hidden Exists
];
