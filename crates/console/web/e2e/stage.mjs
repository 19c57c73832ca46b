// Shared by all end-to-end tests: the browser, a proxy to the service that can be interrupted, and
// controllable devices.
import { mkdirSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

export const stage = JSON.parse(process.env.STAGE);
/** Generous, because machines are slow and shared. */
const PATIENCE_MS = 240_000;
/** The directory for screenshots. */
export const artefacts = new URL("../../../../target/console/", import.meta.url).pathname;
mkdirSync(artefacts, { recursive: true });

const answers = createInterface({ input: process.stdin });
const waiting = [];
answers.on("line", () => waiting.shift()());

/**
 * Sends an instruction to the Rust side of the test (tests/console/orders.rs); returns when it is
 * done.
 */
export function order(what) {
  return new Promise((done) => {
    waiting.push(done);
    process.stdout.write(`@${JSON.stringify(what)}\n`);
  });
}

/** A proxy from the browser to asset-api that can be interrupted and restored. */
class Way {
  open = new Set();
  whole = true;
  constructor() {
    const target = new URL(stage.assets);
    this.server = createServer((near) => {
      near.on("error", () => near.destroy());
      if (!this.whole) return near.destroy();
      const far = createConnection(Number(target.port), target.hostname);
      far.on("error", () => near.destroy());
      for (const [one, other] of [[near, far], [far, near]]) {
        this.open.add(one);
        one.on("close", () => {
          this.open.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    this.server.listen(Number(new URL(stage.page).port), "127.0.0.1");
  }
  cut() {
    this.whole = false;
    for (const socket of this.open) socket.destroy();
  }
  mend() {
    this.whole = true;
  }
}
export const way = new Way();

export const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});

export async function leave() {
  await browser.close();
  way.server.close();
  way.cut();
  answers.close();
  process.stdin.destroy();
}

/**
 * Records what a page must not do: script errors, requests to other hosts, violations of its
 * policy.
 */
function watch(page, origins) {
  page.faults = [];
  // The pages of the provider are not ours.
  const away = (url) => url.startsWith(stage.provider.issuer);
  page.on("pageerror", (error) => away(page.url()) || page.faults.push(String(error)));
  page.on("console", (message) => {
    if (!away(page.url()) && /Content Security Policy|Trusted/i.test(message.text())) page.faults.push(message.text());
  });
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (away(request.frame().url())) return;
    if (!origins.includes(origin) && protocol !== "data:") page.faults.push(`asks ${request.url()}`);
  });
}

/**
 * Opens the page of the console at `path` of a service, with a token, a language, a theme, a time zone, and a touch
 * screen. `stage.extended` is a service with what is off by default.
 */
export async function enter(path, { as = "all", language = "en", dark = false, width = 1440, height = 900, zone, touch = false, at = stage.page } = {}) {
  const context = await browser.newContext({
    viewport: { width, height }, locale: language === "zh" ? "zh-CN" : "en-GB", colorScheme: dark ? "dark" : "light", reducedMotion: "reduce", hasTouch: touch,
    ...(zone === undefined ? {} : { timezoneId: zone }),
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  watch(page, [at, stage.commands, stage.provider.issuer, ...(at === stage.extended ? [stage.tiles] : [])]);
  await page.goto(at + path);
  if (as !== null) await signIn(page, as);
  return page;
}

export async function signIn(page, as) {
  await paste(page, stage.tokens[as]);
  await page.locator("nav").waitFor();
}

/** Signs in with a text instead of at the provider. */
export async function paste(page, text) {
  await page.locator("details:has(textarea)").evaluate((details) => {
    details.open = true;
  });
  await page.locator("textarea").fill(text);
  await page.locator("button[type=submit]").click();
}

/** Closes a page; throws if it did what it must not do. */
export async function shut(page) {
  const { faults } = page;
  await page.context().close();
  if (faults.length > 0) throw new Error(faults.join("\n"));
}

/** A step of a test; takes a screenshot of the page if the step fails. */
export function step(t, page, name, act) {
  return t.test(name, async () => {
    try {
      await act();
    } catch (error) {
      await page.screenshot({ path: `${artefacts}failed-${name.replace(/\W+/g, "-")}.png` });
      throw error;
    }
  });
}

/** Calls the API with a token that has all scopes. */
export async function api(method, path, body, { base = stage.assets, type = "application/json" } = {}) {
  const response = await fetch(base + path, {
    method,
    headers: { authorization: `Bearer ${stage.tokens.all}`, ...(body === undefined ? {} : { "content-type": type }) },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const said = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(said)}`);
  return said;
}

/** The date by the clock of this machine, which the browser has, too. */
export function today() {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

/** Repeats `ask` until its result is truthy. */
export async function eventually(what, ask, patience = PATIENCE_MS) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > end) throw new Error(`timed out waiting for: ${what}`);
    await new Promise((again) => setTimeout(again, 50));
  }
}

/** Waits until a control cannot be used: pages are drawn a moment after what changes them. */
export async function disabled(control) {
  await eventually("the control to be disabled", () => control.isDisabled());
}

/** A text that is unique to this run, for names. */
export const run = process.pid.toString(36).toUpperCase() + Date.now().toString(36).slice(-4).toUpperCase();

/**
 * A day with four kinds of bands, typical of Chinese cities: 0.3158 to 1.2345 yuan per kWh and a
 * service fee of 0.80.
 */
const BANDS = [["23:00", "07:00", "valley", "0.3158"], ["07:00", "10:00", "flat", "0.7055"], ["10:00", "15:00", "peak", "1.0213"],
  ["15:00", "18:00", "flat", "0.7055"], ["18:00", "21:00", "sharp", "1.2345"], ["21:00", "23:00", "flat", "0.7055"]];

/** Creates a tariff in force that is bound to `subjects`. */
export async function tariff(name, subjects, bands = BANDS) {
  const { id } = await api("POST", "/api/v1/tariffs", { name, currency: "CNY", status: "Active" });
  const priced = bands.map(([from, to, kind, electricityPrice]) => ({ from, to, kind, electricityPrice, serviceFee: "0.80" }));
  await api("PUT", `/api/v1/tariffs/${id}/draft`, { timeZone: "Asia/Shanghai", schedules: [{ bands: priced }] });
  await api("POST", `/api/v1/tariffs/${id}/draft/publish`, {});
  for (const subject of subjects) await api("POST", "/api/v1/tariffs/bindings", { subject, tariffId: id });
  return id;
}

/** Charges at a pile until an operator ends the session, and waits for its receipt; returns the session. */
export async function charged(pile) {
  await api("POST", `/api/v1/piles/${pile.id}/commands/start-transaction`, { idTag: "RFID123", connectorId: 1 }, { base: stage.commands });
  const { id, meterStartWh } = await eventually("the session", async () => (await api("GET", `/api/v1/piles/${pile.id}/sessions`)).items[0]);
  await api("POST", `/api/v1/sessions/${id}/end`, { reason: "现场抄表", meterStopWh: (meterStartWh ?? 0) + 5_000 });
  await eventually("the receipt", async () => (await api("GET", `/api/v1/sessions/${id}/receipts`)).items.length > 0);
  return id;
}

let count = 0;

/** Creates a station with piles; their devices are connected unless `connected` is false. */
export async function site({ name = "人民广场站", piles = 1, connectors = 1, connected = true, place = [31.23, 121.47] } = {}) {
  const station = await api("POST", "/api/v1/stations", { name, address: "上海市黄浦区", latitude: place[0], longitude: place[1], operatorId: "op-7" });
  const made = [];
  for (let number = 1; number <= piles; number += 1) {
    count += 1;
    const chargePointId = `CP-${run}-${count}`;
    const declared = Array.from({ length: connectors }, (_none, at) => ({ connectorId: at + 1, type: "GB_DC", maxPowerKw: 120 }));
    const pile = await api("POST", `/api/v1/stations/${station.id}/piles`, {
      chargePointId, name: `${number}号桩`, model: "DC-120", vendor: "Vendor-A", ratedPowerKw: 120, currentType: "DC", connectors: declared,
    });
    if (connected) await order({ do: "connect", device: chargePointId, connectors });
    made.push({ id: pile.id, device: chargePointId });
  }
  if (connected) {
    for (const pile of made) await eventually(`${pile.device} to be available`, async () => (await api("GET", `/api/v1/piles/${pile.id}`)).status === "Available");
  }
  return { id: station.id, piles: made };
}
