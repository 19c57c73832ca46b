import assert from "node:assert/strict";
import { test } from "node:test";
import { NAMES, asQuery, changed, read } from "./filter.ts";

const asked = (text: string) => asQuery(read(new URLSearchParams(text)));

test("every filter of the address becomes a parameter of the API", () => {
  assert.deepEqual(asked("from=2026-07-01T00:00:00Z&until=2026-08-01T00:00:00Z&command=Reset&state=rejected&by= night-shift &station=1"), {
    from: "2026-07-01T00:00:00Z", until: "2026-08-01T00:00:00Z", commandName: "Reset", status: "rejected", issuedBy: "night-shift", stationId: "1",
  });
});

test("unknown words and invalid times do not filter, and a pile takes precedence over a station", () => {
  assert.deepEqual(asked("from=soon&command=Explode&state=lost"), {});
  assert.deepEqual(asked("station=1&pile=2"), { pileId: "2" });
});

test("the id of a command replaces the other filters, and they replace it", () => {
  const cleared = Object.fromEntries(NAMES.map((name) => [name, undefined]));
  assert.deepEqual(changed("id", "1"), { ...cleared, id: "1" });
  assert.deepEqual(changed("by", "night-shift"), { id: undefined, by: "night-shift" });
});
