import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../../generated/limits.ts";
import { check, checkAll, numberOf } from "./limit.ts";

const { StationDetails, PileDetails, OpenPeriod, Outlet } = limits;

test("the limits are those of the OpenAPI document", () => {
  assert.equal(StationDetails.name.required, true);
  assert.equal(StationDetails.name.maxLength, 200);
  assert.deepEqual(StationDetails.status.choices, ["Planned", "Open", "Closed"]);
  assert.ok(StationDetails.facilities.choices.includes("Restroom"));
  assert.deepEqual([StationDetails.latitude.minimum, StationDetails.latitude.maximum], [-90, 90]);
  assert.deepEqual([PileDetails.ratedPowerKw.exclusiveMinimum, PileDetails.ratedPowerKw.maximum], [0, 10_000]);
  assert.deepEqual([PileDetails.connectors.kind, PileDetails.connectors.maxItems], ["list", 32]);
  assert.equal(Outlet.connectorId.kind, "integer");
});

test("a required text is missing if it is blank, and an optional one is not", () => {
  assert.deepEqual(check(StationDetails.name, "  "), { why: "required" });
  assert.equal(check(StationDetails.address, " "), null);
  assert.equal(check(StationDetails.name, " 人民广场站 "), null);
});

test("texts are measured in characters and matched against the pattern", () => {
  assert.equal(check(StationDetails.name, "桩".repeat(200)), null);
  assert.equal(check(StationDetails.name, "𠮷".repeat(200)), null, "a character beyond the basic plane counts once");
  assert.deepEqual(check(StationDetails.name, "桩".repeat(201)), { why: "tooLong", limit: 200 });
  assert.deepEqual(check(StationDetails.name, "a\u0007b"), { why: "notAllowed", schema: "Label" });
  assert.deepEqual(check(PileDetails.chargePointId, "CP 7"), { why: "notAllowed", schema: "ChargePointId" });
  assert.equal(check(OpenPeriod.to, "24:00"), null);
  assert.deepEqual(check(OpenPeriod.to, "24:01"), { why: "notAllowed", schema: "TimeOfDay" });
});

test("numbers are within their limits", () => {
  assert.equal(check(PileDetails.ratedPowerKw, "120.5"), null);
  assert.deepEqual(check(PileDetails.ratedPowerKw, "0"), { why: "notAbove", limit: 0 });
  assert.deepEqual(check(PileDetails.ratedPowerKw, "10000.1"), { why: "tooLarge", limit: 10_000 });
  assert.deepEqual(check(PileDetails.ratedPowerKw, "much"), { why: "notANumber" });
  assert.deepEqual(check(Outlet.connectorId, "1.5"), { why: "notAnInteger" });
  assert.deepEqual(check(Outlet.connectorId, "0"), { why: "tooSmall", limit: 1 });
  assert.deepEqual(check(StationDetails.status, "Ajar"), { why: "notAllowed" });
});

test("full-width digits are numbers, and what JavaScript alone takes for numbers is not", () => {
  assert.equal(numberOf(" １２０．５ "), 120.5);
  assert.equal(numberOf("-31.2"), -31.2);
  for (const text of ["", "1e3", "0x10", "Infinity", "1,5", "1 000", ".5", "5."]) assert.equal(numberOf(text), null, text);
});

test("faults carry the path of the field", () => {
  assert.deepEqual(checkAll(Outlet, { connectorId: "x", type: "GB_DC", maxPowerKw: "" }, "connectors[2]."), [{ path: "connectors[2].connectorId", why: "notANumber" }]);
});
