import assert from "node:assert/strict";
import { test } from "node:test";
import { checkHours, repeated, tidyTime } from "./opening-hours.ts";
import { NEW_STATION, type StationValues, checkStation, stationBody, stationPatch, stationValues } from "./station-values.ts";

const monday = { weekday: "Monday", from: "08:00", to: "22:00" };
const full: StationValues = {
  name: " 人民广场站 ", address: "上海市黄浦区", operatorId: "op-7", location: { latitude: "31.23", longitude: "121.47" }, status: "Open",
  openingHours: { kind: "weekly", periods: [monday] }, facilities: ["Restroom"], startableStatuses: ["Available", "Preparing"],
};
const BODY = {
  name: "人民广场站", address: "上海市黄浦区", operatorId: "op-7", latitude: 31.23, longitude: 121.47, status: "Open",
  openingHours: { weekly: [monday] }, facilities: ["Restroom"], startableStatuses: ["Available", "Preparing"],
};

test("a station is written as it is read", () => {
  assert.deepEqual(stationBody(full), BODY);
  assert.deepEqual(stationValues(BODY as never), { ...full, name: "人民广场站" });
  assert.deepEqual(checkStation(full), []);
});

test("a new station needs a name, and the body leaves out what is empty", () => {
  assert.deepEqual(checkStation(NEW_STATION), [{ path: "name", why: "required" }]);
  assert.deepEqual(stationBody({ ...NEW_STATION, name: "外滩站" }), { name: "外滩站", status: "Open", facilities: [] });
});

test("coordinates are both entered or neither, and within their limits", () => {
  const at = (latitude: string, longitude: string) => checkStation({ ...full, location: { latitude, longitude } });
  assert.deepEqual(at("", ""), []);
  assert.deepEqual(at("31", " "), [{ path: "longitude", why: "together" }]);
  assert.deepEqual(at("91", "-181"), [{ path: "latitude", why: "tooLarge", limit: 90 }, { path: "longitude", why: "tooSmall", limit: -180 }]);
});

test("a patch has the changed fields only, and null for what was cleared", () => {
  assert.deepEqual(stationPatch(full, full), {});
  assert.deepEqual(stationPatch(full, { ...full, status: "Closed", address: " " }), { address: null, status: "Closed" });
  assert.deepEqual(stationPatch(full, { ...full, location: { latitude: "", longitude: "" } }), { latitude: null, longitude: null });
  assert.deepEqual(stationPatch(full, { ...full, startableStatuses: [], facilities: [] }), { facilities: [], startableStatuses: null });
});

test("a patch of opening hours ends the form that they had", () => {
  const patch = (openingHours: StationValues["openingHours"]) => stationPatch({ ...full, openingHours: { kind: "weekly", periods: [] } }, { ...full, openingHours });
  assert.deepEqual(patch({ kind: "always", periods: [monday] }), { openingHours: { always: true, weekly: null } });
  assert.deepEqual(patch({ kind: "weekly", periods: [monday] }), { openingHours: { always: null, weekly: [monday] } });
  assert.deepEqual(patch({ kind: "none", periods: [monday] }), { openingHours: null });
});

test("periods end after they begin, and two of a day do not overlap", () => {
  const check = (...periods: readonly (readonly [string, string, string])[]) =>
    checkHours({ kind: "weekly", periods: periods.map(([weekday, from, to]) => ({ weekday, from, to })) });
  assert.deepEqual(check(), [{ path: "openingHours", why: "noItem" }]);
  assert.deepEqual(check(["Monday", "08:00", "12:00"], ["Monday", "12:00", "24:00"], ["Tuesday", "09:00", "10:00"]), []);
  assert.deepEqual(check(["Monday", "08:00", "12:00"], ["Monday", "11:59", "13:00"]), [{ path: "openingHours.weekly[1].from", why: "overlap" }]);
  assert.deepEqual(check(["Monday", "22:00", "06:00"]), [{ path: "openingHours.weekly[0].to", why: "backwards" }]);
  assert.deepEqual(check(["Monday", "22:00", ""]), [{ path: "openingHours.weekly[0].to", why: "required" }]);
  assert.deepEqual(checkHours({ kind: "always", periods: [{ weekday: "Monday", from: "x", to: "" }] }), [], "kept periods of another kind do not count");
});

test("times are tidied, and unrecognizable ones stay as they are", () => {
  assert.deepEqual(["8:00", "0830", "８：００", "2400", " 22:15 ", "noon", "8"].map(tidyTime), ["08:00", "08:30", "08:00", "24:00", "22:15", "noon", "8"]);
});

test("the first day is repeated for the days without periods", () => {
  const days = repeated([monday, { ...monday, from: "23:00", to: "24:00" }, { weekday: "Sunday", from: "10:00", to: "12:00" }]);
  assert.equal(days.length, 13);
  assert.deepEqual(days.filter(({ weekday }) => weekday === "Sunday"), [{ weekday: "Sunday", from: "10:00", to: "12:00" }]);
  assert.deepEqual(checkHours({ kind: "weekly", periods: days }), []);
});
