import assert from "node:assert/strict";
import { test } from "node:test";
import { asQuery, read } from "./exclusion-filter.ts";
import { NEW_EXCLUSION, checkExclusion, exclusionBody } from "./exclusion-values.ts";

const outage = {
  ...NEW_EXCLUSION, stationId: "s", stationName: "North", from: "2026-06-05T03:00:00.000Z", until: "2026-06-05T11:00:00.000Z", reason: "grid", note: " feeder ",
};
const faults = (change: Partial<typeof outage>) => checkExclusion({ ...outage, ...change }).map(({ path, why }) => `${path} ${why}`);

test("an exclusion is for the narrowest place that was chosen", () => {
  const times = { from: outage.from, until: outage.until, reason: "grid", note: "feeder" };
  assert.deepEqual(exclusionBody(outage), { stationId: "s", ...times });
  assert.deepEqual(exclusionBody({ ...outage, pileId: "p" }), { pileId: "p", ...times });
  assert.deepEqual(exclusionBody({ ...outage, pileId: "p", connectorId: "2" }), { pileId: "p", connectorId: 2, ...times });
});

test("what is missing and what is too long is found before it is sent", () => {
  assert.deepEqual(faults({}), []);
  assert.deepEqual(checkExclusion(NEW_EXCLUSION).map(({ path }) => path).sort(), ["from", "note", "reason", "stationId", "until"]);
  assert.deepEqual(faults({ until: outage.from }), ["until notAfter"]);
  assert.deepEqual(faults({ until: "2027-06-07T03:00:00.000Z" }), ["until tooManyDays"]);
  assert.deepEqual(faults({ until: "2027-06-06T03:00:00.000Z" }), []);
  assert.deepEqual(faults({ reason: "weather", note: "x".repeat(201) }), ["reason notAllowed", "note tooLong"]);
});

test("every filter of the address becomes a parameter of the API, and unknown words do not", () => {
  const asked = (text: string) => asQuery(read(new URLSearchParams(text)));
  assert.deepEqual(asked("state=applies&reason=grid&from=2026-06-01T00:00:00Z&until=soon&station=1&pile=2"), {
    withdrawn: false, reason: "grid", from: "2026-06-01T00:00:00Z", stationId: "1", pileId: "2",
  });
  assert.deepEqual(asked("state=withdrawn"), { withdrawn: true });
  assert.deepEqual(asked("state=gone&reason=weather"), {});
});
