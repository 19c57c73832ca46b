import assert from "node:assert/strict";
import { test } from "node:test";

// The texts read the browser's language when they are loaded.
Object.assign(globalThis, { localStorage: { getItem: () => "zh" }, document: { documentElement: {} } });
await (await import("../i18n/language.ts")).loadTexts();
const { at, byPath, countWithin, explained, scheduleOf } = await import("./findings.ts");

const FAULTS = [
  { field: "schedules[0].bands", message: "no band from 07:00 to 08:00" },
  { field: "schedules[0].bands[2]", message: "overlaps bands[1] from 09:00 to 10:00" },
  { field: "schedules[0].bands[2].electricityPrice", message: "must be at most 100; check the decimal point" },
  { field: "schedules[10].bands[0].serviceFee", message: "must not be negative" },
  { field: "priceList.taxPercent", message: "must be a percentage from 0 to 100 as a string" },
  { field: "schedules[0].bands[2].electricityPrice", message: "must be a decimal number as a string" },
];

test("findings are at the path of their value, and counted within it", () => {
  const found = byPath(FAULTS);
  assert.equal(at(found, "schedules[0].bands[2].electricityPrice").length, 2);
  assert.equal(countWithin(found, "schedules[0]"), 4);
  assert.equal(countWithin(found, "schedules[1]"), 0, "schedules[10] is another one");
  assert.equal(countWithin(found, "schedules[0].bands[2]"), 3);
  assert.equal(at(found, "taxPercent").length, 1);
  assert.deepEqual(FAULTS.map(({ field }) => scheduleOf(field)), [0, 0, 0, 10, null, 0]);
});

test("the messages of the API are explained in the language of the user", () => {
  assert.deepEqual(FAULTS.slice(0, 3).map(explained), ["07:00 至 08:00 没有时段。", "与时段 2 在 09:00 至 10:00 重叠。", "最多为 100：请检查小数点。"]);
  const messages = [
    "must have 1 to 96 entries", "must be a date, written as YYYY-MM-DD", "is listed twice", "must have no conditions, because the last schedule must apply to every remaining date",
    "must have a condition; without one, the schedules after it never apply", "requires holidays, but the price list has none", "must be before 24:00; a day begins at 00:00",
    "a day of the year must be written as MM-DD, from 01-01 to 12-31", "a time of day must be written as HH:MM, from 00:00 to 24:00", "must be from 0 to 1440",
    "must differ from the start; a whole day is from 00:00 to 24:00", "must be greater than that of the tier before", "must be the name of an IANA time zone, such as Asia/Shanghai",
  ];
  for (const message of messages) assert.match(explained({ field: "schedules[0]", message }), /\p{Script=Han}/u, message);
  for (const field of ["sessionFee", "occupancy.cap", "chargingTime.pricePerMinute", "taxPercent"]) assert.match(explained({ field, message: "must be another thing" }), /\p{Script=Han}/u, field);
  assert.equal(explained({ field: "schedules[0]", message: "a fault of a later release" }), "a fault of a later release");
});
