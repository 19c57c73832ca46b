import assert from "node:assert/strict";
import { test } from "node:test";
import { reliabilityAddresses, reliabilityRoute } from "./routes.ts";

const to = reliabilityAddresses("/console");
const parse = (address: string) => reliabilityRoute((address.split("?")[0] ?? "").split("/").slice(2))?.show;

test("every address leads to its page", () => {
  assert.equal(parse(to.reliability({ by: "pile" })), "ledger");
  assert.equal(parse(to.exclusions({ station: "s1" })), "exclusions");
  assert.equal(parse(to.newExclusion({ pile: "p1" })), "new-exclusion");
});

test("an address has the values that are given, and no others", () => {
  assert.equal(to.reliability({ by: "pile", station: "" }), "/console/reliability?by=pile");
  assert.equal(to.exclusions(), "/console/reliability/exclusions");
});

test("other addresses lead to none of these pages", () => {
  for (const other of ["/console/stations", "/console/reliability/x", "/console/reliability/exclusions/old", "/console/reliability/exclusions/new/x"]) {
    assert.equal(parse(other), undefined, other);
  }
});
