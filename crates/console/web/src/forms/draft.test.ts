import assert from "node:assert/strict";
import { test } from "node:test";
import { type Draft, Drafts } from "./draft.ts";

class Memory {
  readonly held = new Map<string, string>();
  getItem = (name: string) => this.held.get(name) ?? null;
  setItem = (name: string, text: string) => void this.held.set(name, text);
  removeItem = (name: string) => void this.held.delete(name);
}

const EMPTY = { name: "", facilities: [] as string[] };
const draft: Draft<typeof EMPTY> = { values: { name: "外滩站", facilities: ["Wifi"] }, base: EMPTY, version: 3, key: "console-1", at: 7 };

test("a draft is read again until it is discarded, by its user only", () => {
  const memory = new Memory();
  const drafts = new Drafts(memory, "operator");
  assert.equal(drafts.read("station", EMPTY), null);
  drafts.write("station", draft);
  assert.deepEqual(drafts.read("station", EMPTY), draft);
  assert.equal(drafts.read("pile", EMPTY), null);
  assert.equal(new Drafts(memory, "other").read("station", EMPTY), null);
  drafts.discard("station");
  assert.equal(drafts.read("station", EMPTY), null);
});

test("a draft of another release, or a broken one, is ignored", () => {
  const memory = new Memory();
  const drafts = new Drafts(memory, "operator");
  drafts.write("station", { ...draft, values: { name: "外滩站" } } as never);
  assert.equal(drafts.read("station", EMPTY), null, "a field is missing");
  drafts.write("station", { ...draft, values: { name: "外滩站", facilities: "Wifi" } } as never);
  assert.equal(drafts.read("station", EMPTY), null, "a field has another type");
  for (const key of memory.held.keys()) memory.held.set(key, "{");
  assert.equal(drafts.read("station", EMPTY), null, "it is cut");
});

test("a store that refuses is no failure", () => {
  const full = new Memory();
  full.setItem = () => { throw new Error("full"); };
  new Drafts(full, "operator").write("station", draft);
  assert.equal(full.held.size, 0);
});
