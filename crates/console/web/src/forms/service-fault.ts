// The faults that the services find in the fields of a form, in the user's language.

import { t } from "../i18n/language.ts";
import { type Pattern, textOf } from "../i18n/patterns.ts";

const MESSAGES: readonly Pattern[] = [
  [/^(is required(, .*)?|must not be empty)$/, () => t("form.required")],
  [/^is required (with|without) (\S+)$/, ([how = "", field = ""]) => t(how === "with" ? "fault.requiredWith" : "fault.requiredWithout", { field })],
  [/^(?:requires|needs) (\S+)$/, ([field = ""]) => t("fault.requires", { field })],
  [/^(?:cannot|must not) be combined with (\S+?),?( .*)?$/, ([field = ""]) => t("fault.combined", { field })],
  [/^must be absent if (\S+) is given$/, ([field = ""]) => t("fault.combined", { field })],
  [/^must have at most (\d+) characters$/, ([n = ""]) => t("form.tooLong", { n })],
  [/^must not contain control characters$/, () => t("form.pattern.Label")],
  [/^may only contain letters, digits and/, () => t("form.pattern.ChargePointId")],
  [/^must be a number$/, () => t("form.notANumber")],
  [/^must be a (?:whole )?number from (\S+) to (\S+)$/, ([min = "", max = ""]) => t("fault.range", { min, max })],
  [/^must be more than 0 and at most (\d+) kW$/, ([max = ""]) => t("fault.range", { min: 0, max })],
  [/^must be at least (\S+)$/, ([n = ""]) => t("form.tooSmall", { n })],
  [/^must be above zero$/, () => t("form.notAbove", { n: 0 })],
  [/^must be a decimal number as a string/, () => t("form.pattern.Price")],
  [/^latitude must be within ±90 and longitude within ±180/, () => t("fault.coordinates")],
  [/^must be a UUID$/, () => t("fault.id")],
  [/^must be an RFC 3339 time/, () => t("fault.time")],
  [/^must be a date/, () => t("finding.date")],
  [/^must be in the future, and after/, () => `${t("form.past")} ${t("form.notAfter")}`],
  [/^must be in the future$/, () => t("form.past")],
  [/^must be after (?:from|beginsAt|effectiveFrom)$/, () => t("form.notAfter")],
  [/^must be (?:at most|1 to|from 0 to) (\d+) days(?:, and one hour,)? after/, ([n = ""]) => t("form.tooManyDays", { n })],
  [/^(?:weekly )?must have (\d+) to (\d+) (?:entries|periods)$/, ([min = "", max = ""]) => t("finding.entries", { min, max })],
  [/^must be at most (\d+) connectors$/, ([n = ""]) => t("form.tooManyItems", { n })],
  [/^connectorId 0 is the whole pile/, () => t("form.tooSmall", { n: 1 })],
  [/^connectorId \d+ is given twice$/, () => t("form.twice")],
  [/^a period on \S+ must end after it begins/, () => t("form.backwards")],
  [/^periods on \S+ overlap$/, () => t("form.overlap")],
  [/^must name at least one status/, () => t("form.noItem")],
  [/is not a pile of this station$/, () => t("fault.otherStation")],
  [/^must be the name of an IANA time zone/, () => t("finding.zone")],
  [/^(?:must be one of|must be any of|must be one or more of|must be true or false|must be the ISO 4217 code|no charge can start while)/, () => t("form.notAllowed")],
];

/** The text of a fault in the user's language; that of the service if this release does not know it. */
export function serviceFault(message: string): string {
  return textOf(MESSAGES, message) ?? message;
}
