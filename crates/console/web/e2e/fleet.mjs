// The fleet page: connectors and piles are counted, and the map leads to its stations.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, charged, enter, eventually, order, run, shut, site } from "./stage.mjs";

test("a pile with two connectors is free and charging at the same time", async () => {
  const { piles: [pile] } = await site({ connectors: 2 });
  await eventually("both connectors to be free", async () => (await api("GET", `/api/v1/piles/${pile.id}`)).connectors.every(({ status }) => status === "Available"));
  const page = await enter("/console/");
  const figure = async (name) => Number((await page.locator(`[data-figure=${name}] dd`).innerText()).replace(/\D/g, ""));
  for (const name of ["charging", "free"]) await page.locator(`[data-figure=${name}] dd`, { hasText: /\d/ }).waitFor();
  const [charging, free] = [await figure("charging"), await figure("free")];
  await order({ do: "status", device: pile.device, connector: 1, status: "Charging" });
  await eventually("one more charging connector", async () => (await figure("charging")) === charging + 1);
  await eventually("one less free connector", async () => (await figure("free")) === free - 1);
  assert.equal((await api("GET", `/api/v1/piles/${pile.id}`)).status, "Available", "the other connector can serve a vehicle");
  await page.locator("[data-figure=power] dd", { hasText: /[kM]W/ }).waitFor();
  await order({ do: "status", device: pile.device, connector: 1, status: "Available" });
  await eventually("the connector to be free again", async () => (await figure("free")) === free);
  await shut(page);
});

test("energy and revenue of today are those of the receipts", async () => {
  const { id, piles: [pile] } = await site();
  await charged(pile);
  // The day of a price list may differ from the day in UTC.
  const day = (by) => new Date(Date.now() + by * 86_400_000).toISOString().slice(0, 10);
  const about = await api("GET", `/api/v1/revenue?from=${day(-1)}&until=${day(2)}&stationId=${id}`);
  assert.equal(about.items.reduce((sum, { sessions }) => sum + sessions, 0), 1);
  const page = await enter("/console/", { zone: "UTC" });
  await eventually("the energy of today", async () => {
    const { items } = await api("GET", `/api/v1/revenue?from=${day(0)}&until=${day(1)}`);
    const kwh = items.reduce((sum, { energyWh }) => sum + energyWh, 0) / 1000;
    const shown = await page.locator("[data-figure=energy-today] dd").innerText();
    return shown === `${kwh.toLocaleString("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} kWh`;
  });
  await page.locator("[data-figure=revenue-today] dd", { hasText: /^[\d,.]+/ }).waitFor();
  await shut(page);
  const reader = await enter("/console/", { as: "read" });
  await reader.locator("[data-figure=power]").waitFor();
  await reader.locator("[data-figure=energy-today] dd", { hasText: /\d/ }).waitFor();
  assert.equal(await reader.locator("[data-figure=revenue-today]").count(), 0, "it needs tariffs:read");
  await shut(reader);
});

test("the map shows a station, and leads to it", async () => {
  const name = `地图站 ${run}`;
  await site({ name, place: [30.5, 114.3], connectors: 2 });
  const page = await enter(`/console/?q=${encodeURIComponent(name)}`);
  const plane = page.locator(".map-plane");
  await plane.locator("canvas[data-marks='1']").waitFor({ state: "attached" });
  await page.getByText("Outlines: Natural Earth").waitFor();
  const { width, height } = await plane.boundingBox();
  // One station is in the middle of the map.
  await plane.hover({ position: { x: width / 2, y: height / 2 } });
  await page.locator(".map-card").getByText(name).waitFor();
  await plane.click({ position: { x: width / 2, y: height / 2 } });
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  await shut(page);
});

test("stations at one place are a cluster, which falls apart when it is clicked", async () => {
  const name = `站群 ${run}`;
  for (const [at, place] of [[30.6, 104.06], [30.62, 104.08], [30.58, 104.04]].entries()) await site({ name: `${name} ${at}`, place, connected: false });
  const page = await enter(`/console/?q=${encodeURIComponent(name)}`);
  const plane = page.locator(".map-plane");
  await plane.locator("canvas[data-marks='3']").waitFor({ state: "attached" });
  for (let step = 0; step < 6; step += 1) await page.getByRole("button", { name: "Zoom out" }).click();
  await plane.locator("canvas[data-marks='1']").waitFor({ state: "attached" });
  const { width, height } = await plane.boundingBox();
  await plane.hover({ position: { x: width / 2, y: height / 2 } });
  await page.locator(".map-card").getByText("3 stations").waitFor();
  await plane.click({ position: { x: width / 2, y: height / 2 } });
  await eventually("more than one mark", async () => Number(await plane.locator("canvas").getAttribute("data-marks")) > 1);

  await page.mouse.move(0, 0);
  await page.locator(".map-card").waitFor({ state: "detached" });
  await page.locator(".map-place").focus();
  await page.keyboard.press("ArrowRight");
  const pointed = await page.locator(".map-card strong").innerText();
  assert.match(pointed, new RegExp(`^${name} \\d$`), "the station nearest to the middle");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: pointed, level: 1 }).waitFor();
  await shut(page);
});
