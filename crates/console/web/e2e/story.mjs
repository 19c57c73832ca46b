// The main workflow by clicks: register a device, start a charge, see a refusal, stop, disconnect,
// reset.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, enter, eventually, order, run, shut, step } from "./stage.mjs";

test("the main workflow works by clicks", async (t) => {
  const device = `CP-${run}-S`;
  await order({ do: "connect", device, connectors: 1 });
  await eventually("the device to connect", async () => (await api("GET", "/api/v1/unregistered-charge-points")).items.some((one) => one.chargePointId === device));

  const page = await enter("/console/import");
  await step(t, page, "a station is imported", async () => {
    await page.setInputFiles("input[type=file]", { name: "stations.csv", mimeType: "text/csv", buffer: Buffer.from(`name,latitude,longitude\n故事站 ${run},31.23,121.47\n`) });
    await page.getByRole("button", { name: "Try it" }).click();
    await page.locator("[data-report=dry]").waitFor();
    await page.getByRole("button", { name: "Import now" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Import now" }).click();
    await page.locator("[data-report=applied]").waitFor();
  });

  await step(t, page, "a connected device is registered as a pile", async () => {
    await page.getByRole("link", { name: "Ingest" }).click();
    await page.locator(`tr[data-device="${device}"]`).getByRole("button").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Find a station").fill(`故事站 ${run}`);
    await dialog.locator("option", { hasText: `故事站 ${run}` }).waitFor({ state: "attached" });
    await dialog.getByLabel("Station", { exact: true }).selectOption({ label: `故事站 ${run}` });
    await dialog.getByLabel("Rated power in kW").fill("120");
    await dialog.getByLabel("Name").fill("1号桩");
    await dialog.getByRole("button", { name: "Register as pile" }).click();
    await dialog.getByRole("link", { name: "See the pile" }).click();
    await page.getByRole("heading", { name: "1号桩", level: 1 }).waitFor();
    await page.getByText("not stated", { exact: true }).waitFor();
  });

  await step(t, page, "the pile is online and available, with confidence live", async () => {
    await page.locator("[data-pile-status=Available]").waitFor();
    await page.locator("[data-confidence=live]").waitFor();
    await page.locator("[data-feed=live]").waitFor();
  });

  await step(t, page, "a charge is started and followed to its effect", async () => {
    await page.locator("[data-order=start-transaction]").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Card or app id").fill("RFID123");
    await dialog.getByRole("button", { name: "Send" }).click();
    await dialog.locator("[data-progress=confirmed]").waitFor();
    await dialog.getByText("Charging began").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.locator("[data-connector='1'][data-status=Charging]").waitFor();
  });

  await step(t, page, "power and energy grow on the chart", async () => {
    const samples = page.locator("[data-samples]");
    await samples.waitFor();
    const before = Number(await samples.getAttribute("data-samples"));
    await eventually("more readings on the chart", async () => Number(await samples.getAttribute("data-samples")) > before);
    assert.match(await samples.getByRole("img").getAttribute("aria-label"), /Power and energy .* kW, .* kWh so far/);
  });

  await step(t, page, "a second start is refused, and the refusal is explained", async () => {
    await page.locator("[data-order=start-transaction]").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Card or app id").fill("RFID123");
    await dialog.getByRole("button", { name: "Send" }).click();
    const refusal = dialog.locator("[data-problem=CONNECTOR_NOT_AVAILABLE]");
    await refusal.getByText("This connector is not free").waitFor();
    await refusal.getByText("What to do").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "detached" });
  });

  await step(t, page, "the charge is stopped", async () => {
    await page.locator("[data-order=stop-transaction]").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Send" }).click();
    await dialog.locator("[data-progress=confirmed]").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.locator("[data-pile-status=Available]").waitFor();
    await page.getByRole("cell", { name: "Remote stop" }).waitFor();
  });

  await step(t, page, "the device disconnects, and a start is refused because of it", async () => {
    await order({ do: "disconnect", device });
    await page.locator("[data-pile-status=Offline]").waitFor();
    await page.locator("[data-order=start-transaction]").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Card or app id").fill("RFID123");
    await dialog.getByRole("button", { name: "Send" }).click();
    await dialog.locator("[data-problem=PILE_OFFLINE]").getByText("not connected").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  });

  await step(t, page, "the device reconnects and is reset", async () => {
    await order({ do: "connect", device, connectors: 1 });
    await page.locator("[data-pile-status=Available]").waitFor();
    await page.locator("[data-order=reset]").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Send" }).click();
    await dialog.getByText("The device restarted").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
  });

  await step(t, page, "the command log and the history contain all of it", async () => {
    const states = () => page.locator("[data-command]").evaluateAll((all) => all.map((one) => one.dataset.state).join(" "));
    await eventually("three confirmed commands in the log", async () => (await states()) === "confirmed confirmed confirmed");
    await eventually("the changes in the history", async () => Number(await page.locator("[data-changes]").getAttribute("data-changes")) >= 6);
  });
  await shut(page);
});
