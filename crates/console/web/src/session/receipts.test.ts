import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../api/problem.ts";
import { listed, unlessAbsent } from "./receipts.ts";

test("receipts are listed as the API has them, and others are left out", () => {
  const items = [{ number: 2, replaces: 1, issuedAt: "2026-07-25T11:30:00Z", withdrawn: true }, { number: 1, replaces: null, issuedAt: "2026-07-25T11:20:00Z" }, "x", { number: "1" }];
  assert.deepEqual(listed(items), [
    { number: 2, replaces: 1, issuedAt: "2026-07-25T11:30:00Z", withdrawn: true }, { number: 1, replaces: null, issuedAt: "2026-07-25T11:20:00Z", withdrawn: false },
  ]);
});

test("a receipt that is not written yet is not a failure, other problems are", async () => {
  const problem = (code: string) => Promise.reject<string>(Problem.read({ code, status: 404 }, 404));
  assert.deepEqual(await unlessAbsent(Promise.resolve("r")), { receipt: "r" });
  assert.deepEqual(await unlessAbsent(problem("RECEIPT_NOT_YET")), { code: "RECEIPT_NOT_YET" });
  assert.deepEqual(await unlessAbsent(problem("RECEIPT_NOT_KEPT")), { code: "RECEIPT_NOT_KEPT" });
  await assert.rejects(unlessAbsent(problem("SESSION_NOT_FOUND")), { code: "SESSION_NOT_FOUND" });
});
