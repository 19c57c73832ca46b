import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY, add, clockOf, edgesOf, gapsOf, minuteOf, moveEdge, partsOf, remove, split } from "./bands.ts";
import type { Band } from "./price-list.ts";

const band = (from: string, to: string, kind = "flat"): Band => ({ from, to, kind, electricityPrice: "0.7", serviceFee: "0.8", tiers: [] });
const NIGHT = [band("23:00", "07:00", "valley"), band("07:00", "18:00"), band("18:00", "23:00", "peak")];
const times = (bands: readonly Band[]) => bands.map(({ from, to }) => `${from}-${to}`);
/** Whether each minute of the day is in exactly one band. */
const whole = (bands: readonly Band[]) => partsOf(bands).reduce((sum, { from, to }) => sum + to - from, 0) === DAY && gapsOf(bands).length === 0;

test("times of day are read as the API reads them", () => {
  assert.deepEqual(["00:00", "23:59", "24:00", "24:01", "7:00", "07:60", ""].map(minuteOf), [0, 1439, DAY, null, null, null, null]);
  for (let minute = 0; minute <= DAY; minute += 1) assert.equal(minuteOf(clockOf(minute)), minute);
});

test("a band over midnight covers the beginning and the end of the day", () => {
  assert.deepEqual(partsOf(NIGHT), [{ band: 0, from: 0, to: 420 }, { band: 1, from: 420, to: 1080 }, { band: 2, from: 1080, to: 1380 }, { band: 0, from: 1380, to: DAY }]);
  assert.deepEqual(edgesOf(NIGHT).map(({ at }) => at), [420, 1080, 1380]);
  assert.deepEqual(partsOf([band("18:00", "00:00")]), [{ band: 0, from: 1080, to: DAY }]);
  assert.deepEqual(gapsOf([band("01:00", "02:00")]), [{ from: 0, to: 60 }, { from: 120, to: DAY }]);
});

test("a moved edge keeps each minute in one band, wherever it is moved to", () => {
  for (const { at } of edgesOf(NIGHT)) {
    for (let to = -60; to <= DAY + 60; to += 7) {
      const after = moveEdge(NIGHT, at, to);
      assert.ok(whole(after), `${at} to ${to}: ${times(after)}`);
      assert.equal(after.length, NIGHT.length);
    }
  }
  assert.deepEqual(times(moveEdge(NIGHT, 420, 480)), ["23:00-08:00", "08:00-18:00", "18:00-23:00"]);
  assert.deepEqual(times(moveEdge(NIGHT, 420, 5_000)), ["23:00-17:59", "17:59-18:00", "18:00-23:00"]);
  assert.equal(moveEdge(NIGHT, 421, 480), NIGHT, "not an edge");
});

test("a divided band and a removed one keep each minute in one band", () => {
  for (const bands of [NIGHT, [band("00:00", "24:00")], [band("22:00", "02:00"), band("02:00", "22:00")], [band("12:00", "12:02"), band("12:02", "12:00")]]) {
    bands.forEach((_band, index) => {
      const two = split(bands, index);
      assert.equal(two.length, bands.length + 1);
      assert.ok(whole(two), `${times(bands)} at ${index}: ${times(two)}`);
      two.forEach((_one, at) => assert.ok(whole(remove(two, at)), `${times(two)} without ${at}: ${times(remove(two, at))}`));
    });
  }
  assert.deepEqual(times(split([band("22:00", "02:00"), band("02:00", "22:00")], 0)), ["22:00-24:00", "00:00-02:00", "02:00-22:00"]);
  assert.deepEqual(times(remove([band("00:00", "24:00")], 0)), ["00:00-24:00"], "the last band stays");
});

test("another band fills the first gap", () => {
  assert.deepEqual(times(add([band("00:00", "08:00"), band("10:00", "24:00")])), ["00:00-08:00", "10:00-24:00", "08:00-10:00"]);
  assert.deepEqual(times(add(NIGHT)).at(-1), "-");
});
