import assert from "node:assert/strict";
import { test } from "node:test";
import { issueAddresses, issueRoute } from "./routes.ts";

const to = issueAddresses("");
/** The page of an address, as the router asks for it. */
const page = (address: string) => issueRoute((address.split("?")[0] ?? "").split("/").filter((part) => part !== "").map(decodeURIComponent))?.show;

test("every address leads to its page", () => {
  assert.deepEqual(page(to.issues), { of: "list" });
  assert.deepEqual(page(to.issue("a/b")), { of: "issue", issueId: "a/b" });
  assert.deepEqual(page(to.maintenance), { of: "windows" });
  assert.deepEqual(page(to.newWindow({ station: "1" })), { of: "new-window" });
  assert.match(to.newWindow({ pile: "2" }), /\?pile=2$/);
});

test("other addresses are not of these pages", () => {
  for (const other of ["/", "/stations", "/issues/1/2", "/maintenance/1", "/maintenance/new/1"]) assert.equal(page(other), undefined, other);
});
