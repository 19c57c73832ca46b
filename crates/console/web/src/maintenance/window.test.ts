import assert from "node:assert/strict";
import { test } from "node:test";
import { type WindowValues, appliesTo, checkWindow, windowBody, windowState } from "./window.ts";

const at = (hour: number) => new Date(2026, 6, 1, hour).toISOString();
const NOW = Date.parse(at(12));

test("a window is planned, active or ended", () => {
  assert.equal(windowState({ beginsAt: at(13), endsAt: at(14) }, NOW), "planned");
  assert.equal(windowState({ beginsAt: at(12), endsAt: at(13) }, NOW), "active");
  assert.equal(windowState({ beginsAt: at(11), endsAt: at(12) }, NOW), "ended");
  assert.equal(windowState({ beginsAt: at(13), endsAt: at(13) }, NOW), "ended", "it was ended before it began");
});

test("a window of a station applies to its piles, and one of a pile to no other", () => {
  assert.equal(appliesTo({ pileId: null }, "1"), true);
  assert.equal(appliesTo({ pileId: "1" }, "1"), true);
  assert.equal(appliesTo({ pileId: "2" }, "1"), false);
  assert.equal(appliesTo({ pileId: "2" }, null), false, "the station as a whole is not in maintenance");
});

const VALUES: WindowValues = { station: { id: "1", name: "人民广场站" }, pile: "", begins: "", ends: "2026-07-01T18:00", reason: " 更换变压器 " };

test("a window needs a station, a reason, and an end in the future and after its beginning", () => {
  assert.deepEqual(checkWindow(VALUES, NOW), []);
  assert.deepEqual(checkWindow({ ...VALUES, ends: "2026-07-01T12:00" }, NOW), [{ path: "endsAt", why: "past" }]);
  assert.deepEqual(checkWindow({ ...VALUES, begins: "2026-07-01T18:00" }, NOW), [{ path: "endsAt", why: "notLater" }]);
  const empty = { ...VALUES, station: { id: "", name: "" }, ends: "", reason: "" };
  assert.deepEqual(checkWindow(empty, NOW).map(({ path, why }) => [path, why]), [["stationId", "required"], ["endsAt", "required"], ["reason", "required"]]);
});

test("the body has only what was entered", () => {
  assert.deepEqual(windowBody(VALUES), { stationId: "1", endsAt: at(18), reason: "更换变压器" });
  assert.deepEqual(windowBody({ ...VALUES, pile: "2", begins: "2026-07-01T13:00" }), { stationId: "1", pileId: "2", beginsAt: at(13), endsAt: at(18), reason: "更换变压器" });
});
