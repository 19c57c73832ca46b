import assert from "node:assert/strict";
import { test } from "node:test";
import type { MeterSample } from "../api/types.ts";
import { grown, thinned } from "./samples.ts";

const reading = (second: number) => ({ takenAt: new Date(second * 1000).toISOString(), energyWh: second, powerW: 1 }) as MeterSample;
const newestFirst = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_none, at) => reading(from - at));
const seconds = (samples: readonly MeterSample[]) => samples.map((sample) => Date.parse(sample.takenAt) / 1000);

test("only unknown samples are fetched, and all are in the order of time", async () => {
  const pages = new Map([[undefined, { items: newestFirst(6, 4), nextCursor: "a" }], ["a", { items: newestFirst(3, 1), nextCursor: null }]] as const);
  let calls = 0;
  const read = async (cursor: string | undefined) => {
    calls += 1;
    return pages.get(cursor as undefined)!;
  };
  const all = await grown([], read, 10);
  assert.deepEqual([seconds(all), calls], [[1, 2, 3, 4, 5, 6], 2]);
  calls = 0;
  assert.deepEqual([seconds(await grown(all.slice(0, 5), read, 10)), calls], [[1, 2, 3, 4, 5, 6], 1]);
  assert.equal(await grown(all, read, 10), all, "without new samples the same list is returned");
});

test("thinning keeps the first and the last sample", () => {
  const all = newestFirst(1000, 1).reverse();
  const few = thinned(all, 7);
  assert.deepEqual([few.length, few[0], few.at(-1)], [7, all[0], all.at(-1)]);
});
