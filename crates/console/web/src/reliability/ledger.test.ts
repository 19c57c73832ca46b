import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReliabilityTotal } from "../api/types.ts";
import { down, keyOf, missesNevi, percentOf, sorted, sum, tallyOf, uptime, wholeTime } from "./ledger.ts";

const HOUR = 3_600;

function total(stationId: string, values: Partial<ReliabilityTotal> = {}): ReliabilityTotal {
  return {
    stationId, pileId: null, connectorId: null, operatorId: null, firstDay: "2026-06-01", lastDay: "2026-06-30", profile: "nevi",
    uptimePercent: null, uptimeS: 0, countedS: 0, upS: 0, faultedS: 0, unavailableS: 0, offlineS: 0, unknownS: 0,
    excludedS: { maintenance: 0, grid: 0, vandalism: 0, thirdParty: 0 }, failures: 0, repairs: 0, meanTimeToRepairS: null,
    startsAccepted: 0, startsCharging: 0, startSuccessPercent: null, ...values,
  };
}

// The worked examples of docs/reliability.md.
test("June of one connector has both uptimes", () => {
  const june = tallyOf(total("s", { upS: 700 * HOUR, faultedS: 8 * HOUR, excludedS: { maintenance: 4 * HOUR, grid: 8 * HOUR, vandalism: 0, thirdParty: 0 } }));
  assert.equal(percentOf(uptime(june, "nevi")), 98.8888);
  assert.equal(percentOf(uptime(june, "availability")), 98.87);
  assert.equal(wholeTime(june), 720 * HOUR);
});

test("unknown time is an outage of one profile and in neither part of the other", () => {
  const silent = tallyOf(total("s", { upS: 7 * HOUR, faultedS: HOUR, unknownS: 2 * HOUR }));
  assert.equal(percentOf(uptime(silent, "nevi")), 70);
  assert.equal(percentOf(uptime(silent, "availability")), 87.5);
});

test("tallies add up before they are divided", () => {
  const [a, b] = [tallyOf(total("a", { upS: HOUR, repairs: 1, meanTimeToRepairS: 60 })), tallyOf(total("b", { offlineS: 3 * HOUR, repairs: 3, meanTimeToRepairS: 100 }))];
  const both = sum([a, b]);
  assert.equal(percentOf(uptime(both, "nevi")), 25);
  assert.equal(both.repairS / both.repairs, 90);
  assert.equal(down(both), 3 * HOUR);
  assert.equal(percentOf(uptime(sum([]), "nevi")), null);
});

test("a percentage is truncated, and 97 % is not more than 97 %", () => {
  assert.equal(percentOf({ part: 969_999_999, whole: 1_000_000_000 }), 96.9999);
  assert.equal(percentOf({ part: 6_000_000_000_000, whole: 6_000_000_000_000 }), 100);
  assert.deepEqual([missesNevi({ part: 97, whole: 100 }), missesNevi({ part: 970_001, whole: 1_000_000 }), missesNevi({ part: 0, whole: 0 })], [true, false, false]);
});

test("the worst is first, and what is not known last", () => {
  const totals = [
    total("unknown"), total("good", { uptimeS: 99, countedS: 100, failures: 5, meanTimeToRepairS: 10, startsAccepted: 2, startsCharging: 1 }),
    total("bad", { uptimeS: 1, countedS: 100, failures: 1, meanTimeToRepairS: 20, startsAccepted: 2, startsCharging: 2 }),
  ];
  const names = (sort: Parameters<typeof sorted>[1]) => sorted(totals, sort).map(({ stationId }) => stationId);
  assert.deepEqual(names("uptime"), ["bad", "good", "unknown"]);
  assert.deepEqual(names("failures"), ["good", "bad", "unknown"]);
  assert.deepEqual(names("repair"), ["bad", "good", "unknown"]);
  assert.deepEqual(names("starts"), ["good", "bad", "unknown"]);
  assert.deepEqual(names("place"), ["unknown", "good", "bad"]);
});

test("connectors of one pile have different keys", () => {
  assert.notEqual(keyOf(total("", { stationId: null, pileId: "p", connectorId: 1 })), keyOf(total("", { stationId: null, pileId: "p", connectorId: 2 })));
});
