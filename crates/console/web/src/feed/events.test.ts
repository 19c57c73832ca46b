import assert from "node:assert/strict";
import { test } from "node:test";
import { EventReader } from "./events.ts";

const STREAM = 'retry: 1000\nid: 1-499\n\nid: 2-0\nevent: a\ndata: {"x":1}\n\n: keep-alive\nid: 3-499\n\nid: 4-1\nevent: b\ndata: one\ndata: two\n\n';

test("a stream is parsed the same however it is split", () => {
  for (let cut = 0; cut <= STREAM.length; cut += 1) {
    const reader = new EventReader();
    const pieces = [STREAM.slice(0, cut), STREAM.slice(cut)].map((piece) => reader.read(piece));
    assert.deepEqual(pieces.flatMap(({ events }) => events), [
      { id: "2-0", type: "a", data: '{"x":1}' },
      { id: "4-1", type: "b", data: "one\ntwo" },
    ], `cut at ${cut}`);
    assert.equal(pieces.map(({ lastId }) => lastId).filter(Boolean).at(-1), "4-1");
    assert.equal(pieces.map(({ retryMs }) => retryMs).find((ms) => ms !== null), 1000);
  }
});

test("an id counts only when its event is complete", () => {
  const reader = new EventReader();
  assert.equal(reader.read("id: 7-0\nevent: a\ndata: x\n").lastId, null);
  assert.equal(reader.read("\n").lastId, "7-0");
});

test("lines may end in CR, LF or CRLF, also across pieces", () => {
  const reader = new EventReader();
  const events = ["id: 1-0\r", "\ndata: x\r\n\r", "\nid: 2-0\rdata: y\r\r"].flatMap((piece) => reader.read(piece).events);
  assert.deepEqual([...events, ...reader.read("\n").events].map(({ data }) => data), ["x", "y"]);
});
