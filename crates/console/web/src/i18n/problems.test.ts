import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { en } from "./en.ts";

test("every problem of the services has a text", async () => {
  for (const service of ["asset-api", "command-dispatcher"]) {
    const document = await readFile(`../../../docs/openapi/${service}.json`, "utf8");
    const codes = new Set([...document.matchAll(/"code": "([A-Z0-9_]+)"/g)].map(([, code]) => `problem.${code}`));
    assert.ok(codes.has("problem.INVALID_CURSOR"));
    assert.deepEqual([...codes].filter((key) => !(key in en)), []);
  }
});
