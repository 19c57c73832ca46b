// All seven commands of a pile, a command to a station with its preview, and the log of commands.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, disabled, enter, eventually, order, run, shut, signIn, site, stage } from "./stage.mjs";

/** Sends a command from the page of a pile after `enterFields`; returns when it is sent. */
async function send(page, name, enterFields = async () => undefined) {
  await page.locator(`[data-order=${name}]`).click();
  const dialog = page.getByRole("dialog");
  await enterFields(dialog);
  await dialog.getByRole("button", { name: "Send" }).click();
  await dialog.locator("[data-progress]").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await dialog.waitFor({ state: "detached" });
}

test("a message is requested and a configuration is changed from the page of a pile", async () => {
  const { piles: [pile] } = await site();
  const page = await enter(`/console/piles/${pile.id}`);
  await page.locator("[data-order]").last().waitFor();
  assert.equal(await page.locator("[data-order]").count(), 7);
  await send(page, "trigger-message", async (dialog) => {
    await dialog.getByLabel("Message", { exact: true }).selectOption("MeterValues");
    await dialog.getByLabel("Connector").selectOption("1");
  });
  await page.locator("[data-order=change-configuration]").click();
  await page.getByRole("dialog").getByRole("button", { name: "Send" }).click();
  await page.getByRole("dialog").getByText("This field is required").waitFor();
  await page.getByRole("dialog").getByLabel("Configuration key").fill("HeartbeatInterval");
  await page.reload();
  await signIn(page, "all");
  await send(page, "change-configuration", async (dialog) => {
    await dialog.locator("[data-draft=restored]").waitFor();
    assert.equal(await dialog.getByLabel("Configuration key").inputValue(), "HeartbeatInterval");
    await dialog.getByLabel("Value").fill("300");
  });
  const { items } = await api("GET", `/api/v1/piles/${pile.id}/commands`, undefined, { base: stage.commands });
  assert.deepEqual(items.map(({ commandName, payload }) => [commandName, payload]), [
    ["ChangeConfiguration", { key: "HeartbeatInterval", value: "300" }], ["TriggerMessage", { requestedMessage: "MeterValues", connectorId: 1 }],
  ]);
  await shut(page);
});

test("a charge is started with limits, and the connector is unlocked", async () => {
  const { piles: [pile] } = await site();
  const page = await enter(`/console/piles/${pile.id}`);
  await page.locator("[data-pile-status=Available]").waitFor();
  await page.locator("[data-order=start-transaction]").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Card or app id").fill("RFID123");
  await dialog.getByLabel("Energy in kWh").fill("0");
  await dialog.getByLabel("Time in minutes").fill("90");
  await dialog.getByRole("button", { name: "Send" }).click();
  await dialog.getByText("At least 0.001").waitFor();
  await dialog.getByLabel("Energy in kWh").fill("20");
  await dialog.getByRole("button", { name: "Send" }).click();
  await dialog.locator("[data-progress=confirmed]").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.locator("[data-connector='1'][data-status=Charging]").waitFor();
  await page.locator("[data-order=unlock-connector]").click();
  await dialog.getByRole("button", { name: "Send" }).click();
  await dialog.locator("[data-progress=confirmed]").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.locator("[data-pile-status=Available]").waitFor();
  const { items: [unlock, start] } = await api("GET", `/api/v1/piles/${pile.id}/commands`, undefined, { base: stage.commands });
  assert.deepEqual([start.limits.maxEnergyWh, start.limits.maxDurationS, start.limits.maxAmount], [20_000, 5_400, null]);
  assert.deepEqual([unlock.commandName, unlock.payload, unlock.answer.status], ["UnlockConnector", { connectorId: 1 }, "Unlocked"]);
  const { items: [session] } = await api("GET", `/api/v1/piles/${pile.id}/sessions`);
  assert.deepEqual([session.endedAt === null, session.endReason], [false, "UnlockCommand"]);
  await shut(page);
});

test("a pile is taken out of service and put back", async () => {
  const { piles: [pile] } = await site();
  const page = await enter(`/console/piles/${pile.id}`);
  await page.locator("[data-pile-status=Available]").waitFor();
  for (const [choice, type, status] of [["Out of service", "Inoperative", "Unavailable"], ["In service", "Operative", "Available"]]) {
    await page.locator("[data-order=change-availability]").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: choice, exact: true }).click();
    await dialog.getByRole("button", { name: "Send" }).click();
    await dialog.locator("[data-progress=confirmed]").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.locator(`[data-pile-status=${status}]`).waitFor();
    const { items: [command] } = await api("GET", `/api/v1/piles/${pile.id}/commands`, undefined, { base: stage.commands });
    assert.deepEqual([command.commandName, command.payload.type, command.answer.status], ["ChangeAvailability", type, "Accepted"]);
  }
  await shut(page);
});

test("a command to a station is previewed, sent at a pace and followed", async () => {
  const { id, piles } = await site({ name: `批量 ${run}`, piles: 3 });
  await order({ do: "disconnect", device: piles[2].device });
  await eventually("the device to be offline", async () => (await api("GET", `/api/v1/piles/${piles[2].id}`)).status === "Offline");
  const page = await enter(`/console/stations/${id}`);
  await page.locator("[data-station-order=change-availability]").click();
  const dialog = page.getByRole("dialog");
  await dialog.locator("[data-preview='3'][data-refused='1']").waitFor();
  await dialog.getByText("1 are refused").click();
  await dialog.getByText(piles[2].device).waitFor();
  await dialog.getByLabel("Piles per second").fill("0");
  await dialog.getByText("At least 1.").waitFor();
  await disabled(dialog.getByRole("button", { name: "Send" }));
  await dialog.getByLabel("Piles per second").fill("50");
  await dialog.getByLabel("Charging").check();
  await dialog.locator("[data-preview='0']").getByText("No pile is selected").waitFor();
  await dialog.getByLabel("Charging").uncheck();
  await dialog.getByRole("button", { name: "Send to 2 piles" }).click();
  await page.locator("[data-batch=finished]").waitFor();
  await page.locator("[data-count=refused]", { hasText: "1" }).waitFor();
  const batchId = page.url().split("/").at(-1);
  const batch = await api("GET", `/api/v1/command-batches/${batchId}`, undefined, { base: stage.commands });
  assert.deepEqual([batch.piles, batch.ratePerSecond, batch.sent], [3, 50, 2]);

  await page.goto(`${stage.page}/console/stations/${id}`);
  await signIn(page, "all");
  const row = page.locator(`tr[data-batch-row="${batchId}"]`);
  await row.getByText("2 of 3 sent · Refused 1").waitFor();
  await row.getByText("Finished").waitFor();
  await row.getByRole("link").click();
  await page.locator("[data-batch=finished]").waitFor();

  for (const [name, enterArguments, shown] of [
    ["trigger-message", (dialog) => dialog.getByLabel("Message", { exact: true }).selectOption("Heartbeat"), { requestedMessage: "Heartbeat" }],
    [
      "change-configuration",
      async (dialog) => {
        await dialog.getByLabel("Configuration key").fill("HeartbeatInterval");
        await dialog.getByLabel("Value").fill("300");
      },
      { key: "HeartbeatInterval", value: "300" },
    ],
  ]) {
    await page.goto(`${stage.page}/console/stations/${id}`);
    await signIn(page, "all");
    await page.locator(`[data-station-order=${name}]`).click();
    const dialog = page.getByRole("dialog");
    await enterArguments(dialog);
    await dialog.locator("[data-preview='3'][data-refused='1']").waitFor();
    await dialog.getByRole("button", { name: "Send to 2 piles" }).click();
    await page.locator("[data-batch=finished]").waitFor();
    await page.getByRole("heading", { level: 1, name: Object.values(shown).join(" = ") }).waitFor();
    const sent = await api("GET", `/api/v1/command-batches/${page.url().split("/").at(-1)}`, undefined, { base: stage.commands });
    assert.deepEqual(Object.fromEntries(Object.keys(shown).map((field) => [field, sent[field]])), shown);
  }

  await page.getByRole("link", { name: "Commands", exact: true }).click();
  await page.getByLabel("Station, by name or id").fill(`批量 ${run}`);
  await page.getByLabel("Station, by name or id").press("Enter");
  await eventually("the commands of the three batches", async () => (await page.locator("tr[data-command]").count()) === 6);
  await page.getByLabel("Command", { exact: true }).selectOption("Reset");
  await page.getByText("No commands match").waitFor();
  await page.getByLabel("Command", { exact: true }).selectOption("ChangeAvailability");
  await page.getByLabel("Caller").fill("operator");
  await page.getByLabel("Caller").press("Enter");
  const first = page.locator("tr[data-command]").first();
  await first.locator("summary").click();
  await first.getByText("Published to the gateway").waitFor();
  assert.match(page.url(), /by=operator/, "the filters are a part of the address");

  const command = await first.getAttribute("data-command");
  const other = await page.locator("tr[data-command]").nth(1).getAttribute("data-command");
  await page.getByLabel("Command id").fill(other);
  await page.getByLabel("Command id").press("Enter");
  await eventually("the other command alone", async () => (await page.locator("tr[data-command]").count()) === 1);
  await page.locator(`tr[data-command="${other}"]`).getByText("Published to the gateway").waitFor();
  assert.equal(new URL(page.url()).search, `?id=${other}`, "the id replaces the other filters");
  await page.getByLabel("Command id").fill("0192f0c1-7a3b-7cc1-8f00-0123456789ab");
  await page.getByLabel("Command id").press("Enter");
  await page.getByText("No commands match").waitFor();
  await page.goto(`${stage.page}/console/commands?id=${command}`);
  await signIn(page, "all");
  await page.locator(`tr[data-command="${command}"]`).getByText("Published to the gateway").waitFor();
  await shut(page);
});

test("a token for reading assets sees no commands and sends none to a station", async () => {
  const { id } = await site({ connected: false });
  const page = await enter(`/console/stations/${id}`, { as: "read" });
  await page.locator("[data-station-order=reset]").waitFor();
  await disabled(page.locator("[data-station-order=reset]"));
  await page.goto(`${stage.page}/console/commands`);
  await signIn(page, "read");
  await page.getByText("It needs the scope commands:read").waitFor();
  await shut(page);
});
