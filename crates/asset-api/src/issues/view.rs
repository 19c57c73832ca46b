//! Issues in responses.

use chrono::{DateTime, Utc};
use domain::commands::CommandState;
use domain::ids::{ChargePointId, CommandId, ConnectorId, GatewayId, IssueId, PileId, StationId};
use domain::issues::{Cause, Fact, RecoveryOutlook, RecoveryState, RecoveryStep, Severity};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use storage::issues::recovery::IssueAttempt;
use storage::issues::{DeviceCounts, IssueCounts, IssueDevice, IssueEvent, IssueRecord, OpenCounts};
use uuid::Uuid;

/// An issue: one cause at one place. `closedAt` and `proof` are null while it is open.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Issue")]
pub struct IssueView<'a> {
    /// The id of the issue, a version 7 UUID.
    id: IssueId,
    /// What is wrong.
    cause: Cause,
    /// How urgent it is.
    severity: Severity,
    /// The gateway that has an outage; null for other places.
    gateway_id: Option<&'a GatewayId>,
    /// The station that has an outage, or of the charge point when the issue opened; null for a
    /// gateway.
    station_id: Option<StationId>,
    /// The pile of the charge point when the issue opened; null for an outage.
    pile_id: Option<PileId>,
    /// The charge point; null for an outage.
    charge_point_id: Option<&'a ChargePointId>,
    /// The connector; null if the issue is about the charge point or an outage.
    connector_id: Option<ConnectorId>,
    /// The operator of the station when the issue opened; null for a gateway, and if the station had
    /// none.
    operator_id: Option<&'a str>,
    /// When the issue opened, RFC 3339 in UTC.
    opened_at: DateTime<Utc>,
    /// What was last seen of the cause: `kind`, `at` and the values of that kind.
    #[schemars(with = "Map<String, Value>")]
    fact: &'a Fact,
    /// How often the cause showed in another way since.
    recurrences: u32,
    /// The number of the last entry of its history.
    version: i64,
    /// When that entry was written, RFC 3339 in UTC.
    changed_at: DateTime<Utc>,
    /// When the issue closed, RFC 3339 in UTC; null while it is open.
    closed_at: Option<DateTime<Utc>>,
    /// What ended it, like `fact`; null while it is open.
    #[schemars(with = "Option<Map<String, Value>>")]
    proof: Option<&'a Fact>,
    /// When a caller first acknowledged it, RFC 3339 in UTC; null if none did.
    acknowledged_at: Option<DateTime<Utc>>,
    /// The `sub` of that caller; null if none did.
    acknowledged_by: Option<&'a str>,
    /// Who takes care of it; null if it is unassigned.
    assignee: Option<&'a str>,
    /// Until when it is muted, RFC 3339 in UTC; null if it is not.
    muted_until: Option<DateTime<Utc>>,
}

/// The numbers of open issues by severity.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IssueCounts")]
pub struct CountsView {
    /// Those of outages.
    critical: OpenCountsView,
    /// Those with which a charge point cannot be used, or money is lost.
    major: OpenCountsView,
    /// The others.
    minor: OpenCountsView,
}

/// The numbers of open issues by state. An issue may be acknowledged and muted.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "OpenIssueCounts")]
struct OpenCountsView {
    /// All of them.
    open: i64,
    /// Those that a caller acknowledged.
    acknowledged: i64,
    /// Those that are muted now.
    muted: i64,
}

/// An issue with its history.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "WholeIssue")]
pub struct WholeIssueView<'a> {
    #[serde(flatten)]
    issue: IssueView<'a>,
    /// The latest 100 entries of its history, the newest first; `version` is how many there are.
    history: Vec<EventView<'a>>,
    /// The latest 100 attempts to end the cause with a command, the earliest first; empty unless the
    /// platform is set to try that.
    attempts: Vec<AttemptView<'a>>,
    /// What the platform does by itself to end the cause, or why it waits; null for a closed issue, an
    /// outage, and a charge point in no pile.
    recovery: Option<RecoveryView>,
    /// Of an outage, up to 100 charge points that are part of it, and then of those that were; empty for
    /// other issues.
    devices: Vec<DeviceView<'a>>,
    /// How many charge points are, or were, part of the outage; 0 for other issues.
    device_count: i64,
    /// How many of these still are.
    current_device_count: i64,
}

/// An issue and what is listed with it.
pub struct WholeIssue {
    pub issue: IssueRecord,
    pub events: Vec<IssueEvent>,
    pub attempts: Vec<IssueAttempt>,
    pub recovery: Option<RecoveryOutlook>,
    pub devices: Vec<IssueDevice>,
    pub device_counts: DeviceCounts,
}

/// What happened to an issue.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IssueEvent")]
pub struct EventView<'a> {
    /// The number among the entries of the issue, from 1.
    number: i64,
    /// When it happened, RFC 3339 in UTC.
    at: DateTime<Utc>,
    /// What happened: `opened`, `recurred`, `closed`, `acknowledged`, `assigned`, `muted`, `unmuted` or
    /// `attempted`.
    kind: &'a str,
    /// The `sub` of the caller; null for what the platform did.
    by: Option<&'a str>,
    /// The fact or the proof; of a caller the fields of its request; of an attempt its `step` and
    /// `number`.
    #[schemars(with = "Map<String, Value>")]
    detail: &'a Value,
}

/// An attempt to end the cause of an issue with a command.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IssueAttempt")]
struct AttemptView<'a> {
    /// The number among the attempts at the issue, from 1.
    number: u32,
    /// The step of the recovery ladder.
    step: RecoveryStep,
    /// When it was last decided, RFC 3339 in UTC: again while its command cannot be sent.
    at: DateTime<Utc>,
    /// The command; null if it was refused, and until it is recorded.
    command_id: Option<CommandId>,
    /// The state of the command; null without one.
    state: Option<CommandState>,
    /// The problem code with which the command was refused, such as `CONNECTOR_NOT_AVAILABLE`; null if
    /// it was not.
    refusal: Option<&'a str>,
}

/// What the recovery ladder does about an issue.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IssueRecovery")]
struct RecoveryView {
    /// What it does, or why it waits.
    state: RecoveryState,
    /// The step that is next, or whose command has not ended; null if there is none.
    step: Option<RecoveryStep>,
    /// When the pause, the mute or the maintenance window ends, RFC 3339 in UTC; null in other states.
    until: Option<DateTime<Utc>>,
}

/// A charge point of an outage.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IssueDevice")]
pub struct DeviceView<'a> {
    /// The charge point.
    charge_point_id: &'a str,
    /// Its pile when it became part of the outage; null if it had none.
    pile_id: Option<Uuid>,
    /// When it became part of the outage, RFC 3339 in UTC.
    joined_at: DateTime<Utc>,
    /// When it was online again, or an issue of its own, RFC 3339 in UTC; null while it is part of the
    /// outage.
    left_at: Option<DateTime<Utc>>,
}

impl CountsView {
    /// The counts as a response.
    pub fn of(counts: IssueCounts) -> Self {
        let of = |OpenCounts { open, acknowledged, muted }| OpenCountsView { open, acknowledged, muted };
        Self { critical: of(counts.critical), major: of(counts.major), minor: of(counts.minor) }
    }
}

impl<'a> IssueView<'a> {
    /// The issue as it is at `now`.
    pub fn of(issue: &'a IssueRecord, now: DateTime<Utc>) -> Self {
        let (closed_at, proof) = issue.closed.as_ref().map(|(at, proof)| (*at, proof)).unzip();
        let (acknowledged_at, acknowledged_by) =
            issue.acknowledged.as_ref().map(|(at, by)| (*at, by.as_str())).unzip();
        Self {
            id: issue.id,
            cause: issue.cause,
            severity: issue.severity,
            gateway_id: issue.gateway_id.as_ref(),
            station_id: issue.station_id,
            pile_id: issue.pile_id,
            charge_point_id: issue.charge_point_id.as_ref(),
            connector_id: issue.connector_id,
            operator_id: issue.operator_id.as_deref(),
            opened_at: issue.opened_at,
            fact: &issue.fact,
            recurrences: issue.recurrences,
            version: issue.version,
            changed_at: issue.changed_at,
            closed_at,
            proof,
            acknowledged_at,
            acknowledged_by,
            assignee: issue.assignee.as_deref(),
            muted_until: issue.muted_until.filter(|until| *until > now),
        }
    }
}

impl<'a> EventView<'a> {
    /// The entry as a response.
    pub fn of(event: &'a IssueEvent) -> Self {
        Self {
            number: event.number,
            at: event.at,
            kind: &event.kind,
            by: event.by.as_deref(),
            detail: &event.detail,
        }
    }
}

impl<'a> DeviceView<'a> {
    /// The charge point as a response.
    pub fn of(device: &'a IssueDevice) -> Self {
        Self {
            charge_point_id: &device.charge_point_id,
            pile_id: device.pile_id,
            joined_at: device.joined_at,
            left_at: device.left_at,
        }
    }
}

impl<'a> WholeIssueView<'a> {
    /// The issue as it is at `now`.
    pub fn of(whole: &'a WholeIssue, now: DateTime<Utc>) -> Self {
        let WholeIssue { issue, events, attempts, recovery, devices, device_counts } = whole;
        let attempt = |attempt: &'a IssueAttempt| {
            let (command_id, state) = attempt.command.unzip();
            let IssueAttempt { number, step, at, .. } = *attempt;
            AttemptView { number, step, at, command_id, state, refusal: attempt.refusal.as_deref() }
        };
        Self {
            issue: IssueView::of(issue, now),
            history: events.iter().map(EventView::of).collect(),
            attempts: attempts.iter().map(attempt).collect(),
            recovery: recovery.map(|RecoveryOutlook { state, step, until }| RecoveryView {
                state,
                step,
                until,
            }),
            devices: devices.iter().map(DeviceView::of).collect(),
            device_count: device_counts.all,
            current_device_count: device_counts.all - device_counts.left,
        }
    }
}
