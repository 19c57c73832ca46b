import assert from "node:assert/strict";
import { test } from "node:test";
import { type Format, Lines } from "./lines.ts";

/** Reads `text` in pieces of `size` characters. */
function read(format: Format, text: string, size: number, omitHeader = false) {
  const lines = new Lines(format, omitHeader);
  let rows = "";
  for (let at = 0; at < text.length; at += size) rows += lines.add(text.slice(at, at + size));
  return { rows, count: lines.rows, end: lines.end() };
}

const CSV = 'id,name,exportOutcome,nextCursor\r\n1,"two\r\nlines ""quoted""",,\r\n2,b,,\r\n,,rowLimit,AQ-_\r\n';
const NDJSON = '{"session":{"id":"1"}}\n{"session":{"id":"2"}}\n{"end":{"outcome":"complete","rows":2,"nextCursor":null}}\n';

test("rows and the last line are found, wherever the text is divided", () => {
  for (let size = 1; size <= CSV.length; size += 1) {
    const csv = read("csv", CSV, size);
    assert.equal(csv.rows, CSV.slice(0, CSV.indexOf(",,rowLimit")));
    assert.deepEqual([csv.count, csv.end], [2, { text: ",,rowLimit,AQ-_\r\n", end: { outcome: "rowLimit", nextCursor: "AQ-_" } }]);
  }
  const ndjson = read("ndjson", NDJSON, 7);
  assert.equal(ndjson.rows + ndjson.end?.text, NDJSON);
  assert.deepEqual([ndjson.count, ndjson.end?.end.outcome], [2, "complete"]);
});

test("an export that continues another one has no header", () => {
  const { rows, count } = read("csv", CSV, 10, true);
  assert.equal(rows.startsWith("1,"), true);
  assert.equal(count, 2);
});

test("an export without its last line was cut off", () => {
  assert.equal(read("csv", CSV.slice(0, -2), 10).end, null);
  assert.equal(read("csv", CSV.slice(0, CSV.indexOf(",,rowLimit")), 10).end, null);
  assert.equal(read("ndjson", NDJSON.split("\n").slice(0, 2).join("\n") + "\n", 10).end, null);
  assert.equal(read("csv", "", 10).end, null);
});

test("an export without rows has its header and its last line", () => {
  const { rows, count, end } = read("csv", "id,exportOutcome,nextCursor\r\n,complete,\r\n", 100);
  assert.deepEqual([rows, count, end?.end], ["id,exportOutcome,nextCursor\r\n", 0, { outcome: "complete", nextCursor: null }]);
});
