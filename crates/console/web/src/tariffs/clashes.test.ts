import assert from "node:assert/strict";
import { test } from "node:test";
import type { Binding } from "../api/types.ts";
import { clashesWith, phaseOf, waysOut } from "./clashes.ts";

const day = (number: number) => `2026-11-${String(number).padStart(2, "0")}T00:00:00Z`;
const binding = (from: number, until: number | null) => ({ id: `${from}-${until}`, effectiveFrom: day(from), effectiveUntil: until === null ? null : day(until) }) as unknown as Binding;
const ids = (bindings: readonly Binding[]) => bindings.map(({ id }) => id);

test("times that only touch do not overlap", () => {
  const bindings = [binding(20, null), binding(1, 10), binding(12, 12)];
  assert.deepEqual(ids(clashesWith(bindings, { from: day(10), until: day(20) })), []);
  assert.deepEqual(ids(clashesWith(bindings, { from: day(9), until: day(21) })), ["1-10", "20-null"]);
  assert.deepEqual(ids(clashesWith(bindings, { from: day(25), until: null })), ["20-null"]);
  assert.deepEqual(ids(clashesWith(bindings, { from: "2026-11-10T07:59:00+08:00", until: day(11) })), ["1-10"], "instants are compared, not texts");
});

test("each way out ends the overlap", () => {
  const period = { from: day(5), until: day(25) };
  for (const other of [binding(1, 10), binding(10, 20), binding(20, null), binding(5, null), binding(1, null)]) {
    const { after, before, endOther } = waysOut(other, period);
    if (after !== null) assert.deepEqual(clashesWith([other], { ...period, from: after }), [], `${other.id} after`);
    if (before !== null) assert.deepEqual(clashesWith([other], { ...period, until: before }), [], `${other.id} before`);
    if (endOther) assert.deepEqual(clashesWith([{ ...other, effectiveUntil: period.from }], period), [], `${other.id} ended`);
    assert.ok(after !== null || before !== null || endOther, other.id);
  }
  assert.equal(waysOut(binding(1, 25), period).after, null, "nothing would be left");
});

test("a binding that ended before it began is over", () => {
  assert.deepEqual([binding(1, 10), binding(10, null), binding(20, null), binding(20, 20)].map((one) => phaseOf(one, Date.parse(day(15)))), ["over", "inForce", "future", "over"]);
});
