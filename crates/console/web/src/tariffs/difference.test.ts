import assert from "node:assert/strict";
import { test } from "node:test";
import { difference } from "./difference.ts";

test("amounts are subtracted exactly and with their sign", () => {
  assert.equal(difference("18321.15", "17640.40"), "+680.75");
  assert.equal(difference("0.10", "0.30"), "−0.20");
  assert.equal(difference("5.00", "5.00"), "0.00");
  assert.equal(difference("12", "7"), "+5");
  assert.equal(difference("90071992547409930.01", "90071992547409930.00"), "+0.01");
});
