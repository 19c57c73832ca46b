import assert from "node:assert/strict";
import { test } from "node:test";
import { COASTS, COUNTRY, type Ring, decode } from "./outline.ts";
import { type Point, project } from "./projection.ts";

/** Whether a point is inside of an odd number of rings, as the map fills them. */
function within(rings: readonly Ring[], { x, y }: Point): boolean {
  let inside = false;
  for (const ring of rings) {
    for (const [at, one] of ring.entries()) {
      const other = ring.at(at - 1) ?? one;
      if (one.y > y !== other.y > y && x < ((other.x - one.x) * (y - one.y)) / (other.y - one.y) + one.x) inside = !inside;
    }
  }
  return inside;
}

test("an outline is decoded from differences", () => {
  assert.deepEqual(decode({ scale: 10, rings: [[100, 200, 5, -5]] }), [[project(20, 10), project(19.5, 10.5)]]);
});

test("the outlines are those of the country and of the world's land", () => {
  for (const [name, latitude, longitude] of [["Beijing", 39.9, 116.4], ["Urumqi", 43.8, 87.6], ["Guangzhou", 23.3, 113.3], ["Taichung", 24.1, 120.8], ["Hainan", 19.2, 109.8]] as const) {
    assert.ok(within(COUNTRY, project(latitude, longitude)), name);
  }
  for (const [name, latitude, longitude] of [["Paris", 48.8, 2.3], ["Nairobi", -1.3, 36.8], ["Chicago", 41, -89]] as const) {
    assert.ok(within(COASTS, project(latitude, longitude)), name);
    assert.ok(!within(COUNTRY, project(latitude, longitude)), name);
  }
  assert.ok(!within(COASTS, project(30, -40)), "the Atlantic");
});
