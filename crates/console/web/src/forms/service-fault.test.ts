import assert from "node:assert/strict";
import { test } from "node:test";

// The texts read the browser's language when they are loaded.
Object.assign(globalThis, { localStorage: { getItem: () => "zh" }, document: { documentElement: {} } });
await (await import("../i18n/language.ts")).loadTexts();
const { serviceFault } = await import("./service-fault.ts");

test("the messages of the services are explained in the language of the user", () => {
  assert.equal(serviceFault("must have at most 200 characters"), "最多 200 个字符。");
  assert.equal(serviceFault("must be a whole number from 1 to 100"), "须在 1 至 100 之间。");
  assert.equal(serviceFault("cannot be combined with types, its present name"), "不能与 types 同时填写。");
  assert.equal(serviceFault("is required, because the token is not bound to exactly one operator"), "此项必填。");
  const messages = [
    "is required", "must not be empty", "is required, or pileId", "is required with latitude", "is required without pileId", "requires pileId", "needs pileId",
    "cannot be combined with stationId", "must not be combined with transactionId or connectorId", "must be absent if stationId is given",
    "must not contain control characters", "may only contain letters, digits and . _ : @ * + = | -", "must be a number", "must be a number from 1 to 100000",
    "must be more than 0 and at most 10000 kW", "must be at least 0", "must be above zero", "latitude must be within ±90 and longitude within ±180 degrees",
    "must be a UUID", "must be an RFC 3339 time from 1970 to 2099", "must be a date (YYYY-MM-DD) from 1970 to 2099", "must be in the future, and after beginsAt",
    "must be in the future", "must be after from", "must be at most 31 days after beginsAt", "must have 1 to 20 entries", "weekly must have 1 to 28 periods",
    "must be at most 32 connectors", "connectorId 0 is the whole pile; connectors are numbered from 1", "connectorId 2 is given twice",
    "a period on Monday must end after it begins; split it at 24:00 if it continues after midnight", "periods on Monday overlap",
    "must name at least one status; use null to apply the setting of command-dispatcher", "0192f0c1-7a3b-7cc1-8f00-0123456789ab is not a pile of this station",
    "must be the name of an IANA time zone, such as Asia/Shanghai", "must be one of Soft, Hard", "must be true or false", "must be the ISO 4217 code of a currency in use, such as CNY",
    "no charge can start while a connector is Charging: must be any of Available, Preparing",
  ];
  for (const message of messages) assert.match(serviceFault(message), /\p{Script=Han}/u, message);
  assert.equal(serviceFault("a fault of a later release"), "a fault of a later release");
});
