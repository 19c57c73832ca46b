import assert from "node:assert/strict";
import { test } from "node:test";
import { NOT_ENTERED, checkEnd, endOf } from "./end-values.ts";

test("a session ends with a reason, and a register that is not below that of its start", () => {
  assert.deepEqual(checkEnd(NOT_ENTERED, null), [{ path: "reason", why: "required" }]);
  assert.deepEqual(checkEnd({ reason: "现场抄表", meterStopWh: "1.4" }, 1_500), [{ path: "meterStopWh", why: "tooSmall", limit: 1.5 }]);
  assert.deepEqual(checkEnd({ reason: "现场抄表", meterStopWh: "1.5" }, 1_500), []);
  assert.deepEqual(checkEnd({ reason: "x".repeat(201), meterStopWh: "" }, null), [{ path: "reason", why: "tooLong", limit: 200 }]);
});

test("the register is sent in Wh, and is null if it was not read", () => {
  assert.deepEqual(endOf({ reason: " 抄表 ", meterStopWh: "1204.5504" }), { reason: "抄表", meterStopWh: 1_204_550 });
  assert.deepEqual(endOf({ reason: "抄表", meterStopWh: "" }), { reason: "抄表", meterStopWh: null });
});
