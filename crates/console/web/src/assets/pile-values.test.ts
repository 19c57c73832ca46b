import assert from "node:assert/strict";
import { test } from "node:test";
import { NEW_PILE, type PileValues, checkPile, nextOutlet, pileBody, pilePatch, pileValues } from "./pile-values.ts";

const full: PileValues = {
  chargePointId: "CP-1", name: "1号桩", model: "DC-120", vendor: "Vendor-A", serialNumber: "SN-9", ratedPowerKw: "120", currentType: "DC",
  connectors: [{ connectorId: "1", type: "GB_DC", maxPowerKw: "120" }, { connectorId: "2", type: "CCS_2", maxPowerKw: "" }],
};
const OUTLETS = [{ connectorId: 1, type: "GB_DC", maxPowerKw: 120 }, { connectorId: 2, type: "CCS_2", maxPowerKw: null }];
const BODY = { ...full, ratedPowerKw: 120, connectors: OUTLETS };

test("a pile is written as it is read, without connectors that were only reported", () => {
  assert.deepEqual(pileBody(full), BODY);
  const read = { ...BODY, connectors: [...OUTLETS, { connectorId: 3, type: null, maxPowerKw: null }] };
  assert.deepEqual(pileValues(read as never), full);
  assert.deepEqual(checkPile(full), []);
});

test("a new pile needs its device, model and power", () => {
  assert.deepEqual(checkPile(NEW_PILE).map(({ path, why }) => `${path} ${why}`), ["chargePointId required", "model required", "ratedPowerKw required"]);
  const body = pileBody({ ...NEW_PILE, chargePointId: "CP-1", model: "AC-7", ratedPowerKw: "７" });
  assert.deepEqual(body, { chargePointId: "CP-1", model: "AC-7", ratedPowerKw: 7, connectors: [{ connectorId: 1, type: "GB_DC", maxPowerKw: null }] });
});

test("connectors have different numbers within their limits", () => {
  const wrong = [{ connectorId: "1", type: "GB_DC", maxPowerKw: "0" }, { connectorId: "01", type: "GB_DC", maxPowerKw: "" }, { connectorId: "", type: "", maxPowerKw: "" }];
  assert.deepEqual(checkPile({ ...full, connectors: wrong }).map(({ path, why }) => `${path} ${why}`), [
    "connectors[0].maxPowerKw notAbove", "connectors[1].connectorId twice", "connectors[2].connectorId required", "connectors[2].type required",
  ]);
  const many = Array.from({ length: 33 }, (_none, at) => ({ connectorId: String(at + 1), type: "GB_AC", maxPowerKw: "" }));
  assert.deepEqual(checkPile({ ...full, connectors: many }), [{ path: "connectors", why: "tooManyItems", limit: 32 }]);
});

test("another connector has the next number and is like the last one", () => {
  assert.deepEqual(nextOutlet([]), { connectorId: "1", type: "GB_DC", maxPowerKw: "" });
  assert.deepEqual(nextOutlet([{ connectorId: "5", type: "CCS_2", maxPowerKw: "60" }, { connectorId: "2", type: "NACS", maxPowerKw: "30" }]), { connectorId: "6", type: "NACS", maxPowerKw: "30" });
});

test("a patch has the changed fields only, and null for what was cleared", () => {
  assert.deepEqual(pilePatch(full, full), {});
  assert.deepEqual(pilePatch(full, { ...full, name: "", ratedPowerKw: "60" }), { name: null, ratedPowerKw: 60 });
  assert.deepEqual(pilePatch(full, { ...full, connectors: [] }), { connectors: [] });
});
