import assert from "node:assert/strict";
import { test } from "node:test";
import { asLocal, asQuery, ofLocal, read } from "./filter.ts";

test("a filter is read from the address, and unknown words do not filter", () => {
  const filter = read(new URLSearchParams("by= order-service &action=ended&thing=spaceship&from=yesterday&until=2026-07-25T10:00:00Z"));
  assert.deepEqual(asQuery(filter), { by: "order-service", action: "ended", until: "2026-07-25T10:00:00Z" });
  assert.deepEqual(asQuery(read(new URLSearchParams())), {});
  assert.deepEqual(asQuery(read(new URLSearchParams("thing=pile&id=7"))), { thingType: "pile", thingId: "7" });
});

test("a time is shown in the zone of the machine and kept as an instant", () => {
  const at = "2026-07-25T10:35:00.000Z";
  assert.equal(ofLocal(asLocal(at)), at);
  assert.match(asLocal(at), /^2026-07-2[456]T\d\d:\d5$/);
  assert.deepEqual([asLocal(""), asLocal("soon"), ofLocal("")], ["", "", ""]);
});
