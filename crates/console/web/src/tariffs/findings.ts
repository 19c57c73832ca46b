// The faults that the API finds in a price list, by the path of the value, in the user's language.

import type { FieldFault } from "../api/problem.ts";
import { t } from "../i18n/language.ts";
import { type Pattern, textOf } from "../i18n/patterns.ts";

/** The faults by path. */
export type Findings = ReadonlyMap<string, readonly string[]>;

export const NONE: Findings = new Map();

type Values = Record<string, string | number>;

/** The messages of the API, and the texts that replace them. */
const MESSAGES: readonly Pattern[] = [
  [/^must have (\d+) to (\d+) entries$/, ([min = "", max = ""]) => t("finding.entries", { min, max })],
  [/^must be at most (\S+); check the decimal point$/, ([most = ""]) => t("finding.most", { most })],
  [/^must be a date/, () => t("finding.date")],
  [/^is listed twice$/, () => t("finding.twice")],
  [/^must have no conditions/, () => t("finding.lastFree")],
  [/^must have a condition/, () => t("finding.needsCondition")],
  [/^requires holidays/, () => t("finding.needsHolidays")],
  [/^a day of the year must be written/, () => t("finding.monthDay")],
  [/^a time of day must be written/, () => t("finding.time")],
  [/^must be before 24:00/, () => t("finding.start")],
  [/^must differ from the start/, () => t("finding.empty")],
  [/^overlaps bands\[(\d+)\] from (\S+) to (\S+)$/, ([index = "0", from = "", to = ""]) => t("finding.overlap", { n: Number(index) + 1, from, to } satisfies Values)],
  [/^no band from (\S+) to (\S+)$/, ([from = "", to = ""]) => t("finding.gap", { from, to })],
  [/^must be from (\d+) to (\d+)$/, ([min = "", max = ""]) => t("finding.range", { min, max })],
  [/^must be greater than that of the tier before$/, () => t("finding.tier")],
  [/^must be the name of an IANA time zone/, () => t("finding.zone")],
];

/** The text of a fault in the user's language; that of the API if this release does not know it. */
export function explained({ field, message }: FieldFault): string {
  const known = textOf(MESSAGES, message);
  if (known !== undefined) return known;
  if (/(Price|Fee|Minute|cap)$/.test(field)) return t("finding.price");
  return field === "taxPercent" ? t("finding.tax") : message;
}

/** The faults by their path. The API names a price list within a request `priceList.…`. */
export function byPath(faults: readonly FieldFault[]): Findings {
  const found = new Map<string, string[]>();
  for (const fault of faults) {
    const path = fault.field.replace(/^priceList\./, "");
    found.set(path, [...(found.get(path) ?? []), explained(fault)]);
  }
  return found;
}

/** The faults of exactly this value. */
export function at(findings: Findings, path: string): readonly string[] {
  return findings.get(path) ?? [];
}

/** The number of faults of a value and everything within it. */
export function countWithin(findings: Findings, path: string): number {
  let sum = 0;
  for (const [found, messages] of findings) {
    if (found === path || found.startsWith(`${path}.`) || found.startsWith(`${path}[`)) sum += messages.length;
  }
  return sum;
}

/** The index of the schedule in which a fault lies; null if it is elsewhere. */
export function scheduleOf(path: string): number | null {
  const found = /^schedules\[(\d+)\]/.exec(path);
  return found === null ? null : Number(found[1]);
}
