import assert from "node:assert/strict";
import { test } from "node:test";
import { type Rates, ratesOf } from "./rates.ts";

test("a rate covers the last ten seconds", () => {
  let rates: Rates = { seen: new Map(), perSecond: new Map() };
  const look = (second: number, nextOffset: number) => {
    rates = ratesOf(rates, [{ partition: 3, nextOffset, readAt: new Date(second * 1000).toISOString() }]);
    return rates.perSecond.get(3);
  };
  assert.equal(look(0, 100), undefined);
  assert.equal(look(2, 120), 10);
  assert.equal(look(4, 120), 5);
  assert.equal(look(13, 1020), 100);
});
