import assert from "node:assert/strict";
import { test } from "node:test";
import type { StatusChange } from "../api/types.ts";
import { type Standing, lanesOf, totals } from "./history.ts";

const at = (minute: number) => new Date(minute * 60_000).toISOString();
const status = (minute: number, connectorId: number, now: string, before: string | null) =>
  ({ kind: "status", at: at(minute), notedAt: at(minute), connectorId, status: now, previousStatus: before, errorCode: null, vendorErrorCode: null }) as StatusChange;
const seen = (minute: number, online: boolean) => ({ kind: "connectivity", at: at(minute), notedAt: at(minute), online, gatewayId: null }) as StatusChange;
const now = (online: boolean, pile: string, ...connectors: string[]): Standing => ({
  online, status: pile as Standing["status"],
  connectors: connectors.map((word, index) => ({ connectorId: index + 1, reportedStatus: word as Standing["connectors"][number]["reportedStatus"] })),
});
const words = (changes: StatusChange[], standing: Standing, whole = false) =>
  lanesOf({ changes, whole }, standing, 0, 60 * 60_000).map((lane) => lane.spans.map((span) => `${span.from / 60_000}-${span.to / 60_000} ${span.status}`));

test("without changes the current status covers the whole time", () => {
  assert.deepEqual(words([], now(true, "Available", "Available", "Charging")), [["0-60 Available"], ["0-60 Charging"]]);
});

test("changes divide the time, and the first one gives the status before it", () => {
  assert.deepEqual(words([status(30, 1, "Charging", "Preparing"), status(20, 1, "Preparing", "Available")], now(true, "Charging", "Charging")), [
    ["0-20 Available", "20-30 Preparing", "30-60 Charging"],
  ]);
});

test("of changes at one instant the last recorded one applies", () => {
  assert.deepEqual(words([status(20, 1, "Charging", "Preparing"), status(20, 1, "Preparing", "Available")], now(true, "Charging", "Charging")), [
    ["0-20 Available", "20-60 Charging"],
  ]);
});

test("all connectors are offline while the device is offline", () => {
  assert.deepEqual(words([seen(20, true), status(15, 1, "Charging", "Available"), seen(10, false)], now(true, "Charging", "Charging")), [
    ["0-10 Available", "10-20 Offline", "20-60 Charging"],
  ]);
});

test("the status is unknown before the device first connected", () => {
  assert.deepEqual(words([seen(20, true), status(20, 1, "Available", null)], now(true, "Available", "Available"), true), [["0-20 Unknown", "20-60 Available"]]);
  assert.deepEqual(words([seen(20, true)], now(true, "Available", "Available"), false), [["0-20 Offline", "20-60 Available"]]);
});

test("the status of connector 0 applies to all connectors while out of service", () => {
  assert.deepEqual(words([status(40, 0, "Available", "Faulted"), status(30, 0, "Faulted", "Available")], now(true, "Available", "Available")), [
    ["0-30 Available", "30-40 Faulted", "40-60 Available"],
  ]);
});

test("totals list the longest status first", () => {
  assert.deepEqual(totals([{ from: 0, to: 1, status: "A" }, { from: 1, to: 5, status: "B" }, { from: 5, to: 7, status: "A" }]), [["B", 4], ["A", 3]]);
});
