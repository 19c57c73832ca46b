import assert from "node:assert/strict";
import { test } from "node:test";
import { checkMute } from "./mute.ts";

const NOW = new Date(2026, 6, 1, 12, 0).getTime();

test("a mute needs a reason and an end in the future", () => {
  assert.deepEqual(checkMute({ until: "2026-07-02T12:00", reason: "备件周一到" }, NOW), []);
  assert.deepEqual(checkMute({ until: "2026-07-01T12:00", reason: "备件" }, NOW), [{ path: "until", why: "past" }]);
  assert.deepEqual(checkMute({ until: "", reason: " " }, NOW).map(({ path, why }) => [path, why]), [["until", "required"], ["reason", "required"]]);
});
