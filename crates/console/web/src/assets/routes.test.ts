import assert from "node:assert/strict";
import { test } from "node:test";
import { assetAddresses, assetRoute } from "./routes.ts";

const to = assetAddresses("/console");
const parse = (address: string) => assetRoute(address.split("/").slice(2).map(decodeURIComponent))?.show;

test("every address leads to its page", () => {
  assert.deepEqual(parse(to.retired), { of: "retired" });
  assert.deepEqual(parse(to.newStation), { of: "new-station" });
  assert.deepEqual(parse(to.newPile("s 1")), { of: "new-pile", stationId: "s 1" });
  assert.deepEqual(parse(to.ofStation("s1", "labels")), { of: "station", view: "labels", stationId: "s1" });
  assert.deepEqual(parse(to.ofPile("p1", "replace")), { of: "pile", view: "replace", pileId: "p1" });
});

test("other addresses lead to none of these pages", () => {
  for (const other of ["/console/stations", "/console/stations/s1", "/console/piles/new", "/console/stations/s1/move", "/console/stations/s1/piles/p1", "/console/piles/p1/edit/x", "/console/audit/x/edit"]) {
    assert.equal(parse(other), undefined, other);
  }
});
