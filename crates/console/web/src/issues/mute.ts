// The check of the entries by which an issue is muted.

import { limits } from "../../generated/limits.ts";
import { type Fault, checkAll } from "../forms/limit.ts";

/** The faults of the entries; `until` is a time of this machine's zone. */
export function checkMute(values: { readonly until: string; readonly reason: string }, now: number): Fault[] {
  const faults = checkAll(limits.IssueMute, values);
  return Date.parse(values.until) <= now ? [...faults, { path: "until", why: "past" }] : faults;
}
