import assert from "node:assert/strict";
import { test } from "node:test";
import { type Format, Part } from "./part.ts";

function read(format: Format, continues: boolean, pieces: readonly string[]) {
  const part = new Part(format, continues);
  return { text: pieces.map((piece) => part.take(piece)).join(""), rows: part.rows, end: part.end };
}

test("a complete export is kept as it is, however it is cut into pieces", () => {
  const whole = "id,name,exportOutcome,nextCursor\r\n1,a,,\r\n2,b,,\r\n,,complete,\r\n";
  for (const size of [1, 3, 17, whole.length]) {
    const pieces = whole.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
    assert.deepEqual(read("csv", false, pieces), { text: whole, rows: 2, end: { outcome: "complete", cursor: null } }, `${size}`);
  }
});

test("the last line of a response that another one continues is left out, and so is the header of that", () => {
  const first = read("csv", false, ["id,name,exportOutcome,nextCursor\r\n1,a,,\r\n,,rowLimit,abc\r\n"]);
  const next = read("csv", true, ["id,name,exportOutcome,nextCursor\r\n2,b,,\r\n,,complete,\r\n"]);
  assert.deepEqual(first.end, { outcome: "rowLimit", cursor: "abc" });
  assert.equal(first.text + next.text, "id,name,exportOutcome,nextCursor\r\n1,a,,\r\n2,b,,\r\n,,complete,\r\n");
  assert.deepEqual([first.rows, next.rows], [1, 1]);
});

test("lines of JSON are counted, and their end is found", () => {
  const { text, rows, end } = read("ndjson", true, ['{"total":{"note":"{\\"end\\":"}}\n{"end":{"outcome":"timeLimit","rows":1,"nextCursor":"x"}}\n']);
  assert.deepEqual({ text, rows, end }, { text: '{"total":{"note":"{\\"end\\":"}}\n', rows: 1, end: { outcome: "timeLimit", cursor: "x" } });
});

test("a response that is cut off has no end", () => {
  assert.equal(read("csv", false, ["id,exportOutcome,nextCursor\r\n1,,\r\n,compl"]).end, null);
});
