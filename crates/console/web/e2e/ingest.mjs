// The ingest page: partitions with their owners, dead letters, and their replay.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, disabled, enter, eventually, order, run, shut } from "./stage.mjs";

test("partitions are shown with owner, lag and rate", async () => {
  const page = await enter("/console/ingest");
  await eventually("four partitions", async () => (await page.locator("tr[data-partition]").count()) === 4);
  const first = page.locator("tr[data-partition='0']");
  await first.getByText("up to date").waitFor();
  await eventually("a rate", async () => /\/s/.test((await first.innerText()) ?? ""));
  await eventually("an owner", async () => /^[0-9a-f]{12}$/.test(await first.locator("td").first().innerText()));
  await shut(page);
});

test("a dead letter is shown, dry-run and replayed; its payload is text and never markup", async () => {
  const payload = "<img src=x onerror=alert(1)> is no event";
  await order({ do: "garbage", key: run, value: payload });
  const letter = await eventually("a dead letter", async () => (await api("GET", `/api/v1/dead-letters?chargePointId=${run}`)).items[0]);
  const page = await enter("/console/ingest");
  await page.locator(`tr[data-letter="${letter.id}"]`).getByRole("button").click();
  const dialog = page.getByRole("dialog");
  await dialog.locator("pre", { hasText: "<img src=x onerror=alert(1)>" }).waitFor();
  assert.equal(await dialog.locator("img").count(), 0);
  await dialog.getByRole("button", { name: "Try it" }).click();
  await dialog.locator("[data-dry-run=true][data-outcome=undecodable]").waitFor();
  assert.equal((await api("GET", `/api/v1/dead-letters/${letter.id}`)).replayedAt, null, "a dry run changes nothing");
  await dialog.getByRole("button", { name: "Replay", exact: true }).click();
  await dialog.getByRole("alert").getByRole("button", { name: "Replay" }).click();
  await dialog.locator("[data-dry-run=false][data-outcome=undecodable]").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.locator(`tr[data-letter="${letter.id}"]`).getByText("Cannot be decoded").waitFor();
  await page.getByRole("button", { name: "Replay all of these" }).click();
  await disabled(dialog.getByRole("button", { name: "Replay all of these" })); // not before a dry run
  await dialog.getByRole("button", { name: "Try all of these" }).click();
  await dialog.locator("[data-bulk=dry]").waitFor();
  await dialog.getByRole("button", { name: "Replay all of these" }).click();
  await dialog.locator("[data-bulk=real]").waitFor();
  await shut(page);
});
