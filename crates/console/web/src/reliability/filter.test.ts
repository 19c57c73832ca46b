import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, asQuery, periodFault, read } from "./filter.ts";
import { reliabilityAddresses } from "./routes.ts";

const TODAY = "2026-07-01";
const filter = (text: string) => read(new URLSearchParams(text), TODAY);

test("every part of the address becomes a parameter of the API, whose period has no last day", () => {
  const address = "by=connector&profile=availability&from=2026-01-01&last=2026-01-31&station=1&pile=2&connector=3&operator=op-7";
  assert.deepEqual(asQuery(filter(address)), {
    from: "2026-01-01", until: "2026-02-01", profile: "availability", groupBy: "connector", stationId: "1", pileId: "2", connectorId: 3, operatorId: "op-7",
  });
});

test("without an address it is the last 30 days of stations, the worst first", () => {
  assert.deepEqual(asQuery(filter("by=city&profile=best&from=soon&connector=x")), { from: "2026-06-01", until: "2026-07-01", profile: "nevi", groupBy: "station" });
  assert.equal(filter("").sort, "uptime");
});

test("a reversed period is not requested", () => {
  assert.equal(periodFault(filter("from=2026-06-02&last=2026-06-01")), "reversed");
  assert.equal(periodFault(filter("from=2016-01-01&last=2026-06-01")), null);
  assert.equal(periodFault(filter("")), null);
});

test("an address leads to what it was made of", () => {
  const shown = filter("by=station&from=2026-01-01&last=2026-01-31&sort=failures");
  const href = reliabilityAddresses("").reliability(addressOf(shown, { by: "pile", station: "s1" }));
  assert.deepEqual(filter(href.split("?")[1] ?? ""), { ...shown, by: "pile", station: "s1" });
});
