// Short names for types of the API.

import type { components as Assets, paths as AssetPaths } from "../../generated/asset-api.ts";
import type { components as Commands, paths as CommandPaths } from "../../generated/command-dispatcher.ts";

type A = Assets["schemas"];
type C = Commands["schemas"];

export type Pile = A["Pile"];
export type PileStatus = A["PileStatus"];
export type Connector = A["Connector"];
export type ConnectorType = A["ConnectorType"];
export type Station = A["Station"];
export type Fleet = A["Fleet"];
export type Session = A["Session"];
export type SessionQuery = NonNullable<AssetPaths["/api/v1/sessions"]["get"]["parameters"]["query"]>;
export type Receipt = A["Receipt"];
export type Quote = A["Quote"];
export type PeriodRevenue = A["PeriodRevenue"];
export type RevenueQuery = NonNullable<AssetPaths["/api/v1/revenue"]["get"]["parameters"]["query"]>;
export type MeterSample = A["MeterSample"];
export type StatusChange = A["StatusChange"];
export type Unregistered = A["UnregisteredChargePoint"];
export type DeadLetterHeading = A["DeadLetterHeading"];
export type DeadLetter = A["DeadLetter"];
export type Replay = A["Replay"];
export type ReplayTally = A["ReplayTally"];
export type ImportReport = A["ImportReport"];
export type PriceAt = A["PriceAt"];
export type Timetable = A["Timetable"];
export type Tariff = A["Tariff"];
export type TariffDraft = A["TariffDraft"];
export type TariffVersion = A["TariffVersion"];
export type WhatIf = A["WhatIf"];
export type PriceList = A["PriceList"];
export type Binding = A["Binding"];
export type Subject = A["Subject"];
export type Currency = A["Currency"];
export type IngestPartitions = A["IngestPartitions"];
export type AuditEntry = A["AuditEntry"];
export type AuditQuery = NonNullable<AssetPaths["/api/v1/audit"]["get"]["parameters"]["query"]>;
export type Edit = A["Edit"];
export type Placement = A["Placement"];
export type Issue = A["Issue"];
export type WholeIssue = A["WholeIssue"];
export type IssueEvent = A["IssueEvent"];
export type IssueRecovery = A["IssueRecovery"];
export type IssueDevice = A["IssueDevice"];
export type IssueCounts = A["IssueCounts"];
export type IssueQuery = NonNullable<AssetPaths["/api/v1/issues"]["get"]["parameters"]["query"]>;
export type MaintenanceWindow = A["MaintenanceWindow"];
export type NewWindow = A["NewMaintenanceWindow"];
export type ReliabilityTotal = A["Reliability"];
export type ReliabilityQuery = AssetPaths["/api/v1/reliability"]["get"]["parameters"]["query"];
export type Exclusion = A["Exclusion"];
export type ExclusionQuery = NonNullable<AssetPaths["/api/v1/reliability/exclusions"]["get"]["parameters"]["query"]>;
export type Command = C["Command"];
export type Batch = C["Batch"];
export type BatchPile = C["BatchPile"];
export type BatchPreview = C["BatchPreview"];
export type CommandState = C["CommandState"];
export type CommandQuery = NonNullable<CommandPaths["/api/v1/commands"]["get"]["parameters"]["query"]>;
export type TriggeredMessage = C["TriggeredMessage"];
export type ConnectorStatus = C["ConnectorStatus"];

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string | null | undefined;
}
