// What a maintenance window means at a time, and the entries from which one is created.

import { limits } from "../../generated/limits.ts";
import type { MaintenanceWindow, NewWindow } from "../api/types.ts";
import { ofLocal } from "../audit/filter.ts";
import { type Fault, checkAll } from "../forms/limit.ts";
import type { Chosen } from "../forms/places.ts";

export type WindowState = "planned" | "active" | "ended";

type Times = Pick<MaintenanceWindow, "beginsAt" | "endsAt">;

/** The state at `now`. A window that was ended before it began has no duration. */
export function windowState({ beginsAt, endsAt }: Times, now: number): WindowState {
  const [begin, end] = [Date.parse(beginsAt), Date.parse(endsAt)];
  if (end <= now || end <= begin) return "ended";
  return begin <= now ? "active" : "planned";
}

/** Whether the window applies to the station as a whole (`pileId` null), or to that pile of it. */
export function appliesTo(window: Pick<MaintenanceWindow, "pileId">, pileId: string | null): boolean {
  return window.pileId === null || window.pileId === pileId;
}

export interface WindowValues {
  readonly station: Chosen;
  /** The id of a pile; empty for all piles of the station. */
  readonly pile: string;
  /** Times of this machine's zone; an empty beginning is now. */
  readonly begins: string;
  readonly ends: string;
  readonly reason: string;
}

export function checkWindow({ station, begins, ends, reason }: WindowValues, now: number): Fault[] {
  const faults = checkAll(limits.NewMaintenanceWindow, { endsAt: ends, reason });
  if (station.id === "") faults.unshift({ path: "stationId", why: "required" });
  const end = Date.parse(ends);
  if (end <= now) faults.push({ path: "endsAt", why: "past" });
  else if (end <= Date.parse(begins)) faults.push({ path: "endsAt", why: "notLater" });
  return faults;
}

export function windowBody({ station, pile, begins, ends, reason }: WindowValues): NewWindow {
  return {
    stationId: station.id, endsAt: ofLocal(ends), reason: reason.trim(),
    ...(pile === "" ? {} : { pileId: pile }), ...(begins === "" ? {} : { beginsAt: ofLocal(begins) }),
  };
}
