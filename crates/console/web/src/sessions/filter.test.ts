import assert from "node:assert/strict";
import { test } from "node:test";
import { asQuery, read } from "./filter.ts";

const address = (text: string) => read(new URLSearchParams(text));

test("every filter of the address becomes a parameter of the API", () => {
  const filter = address("state=open&from=2026-07-01T00:00:00Z&until=2026-08-01T00:00:00Z&station=1&pile=2&operator=op-7&device=CP-1&card=RFID&transaction=634&command=3");
  assert.deepEqual(asQuery(filter), {
    state: "open", startedFrom: "2026-07-01T00:00:00Z", startedUntil: "2026-08-01T00:00:00Z", stationId: "1", pileId: "2", operatorId: "op-7",
    chargePointId: "CP-1", idTag: "RFID", transactionId: "634", commandId: "3",
  });
});

test("unknown words, invalid times and blanks do not filter", () => {
  assert.deepEqual(asQuery(address("state=paused&from=yesterday&device=%20&colour=red")), {});
  assert.deepEqual(asQuery(address("")), {});
});
