// The end-to-end tests of the console in headless Chromium, one after the other. Run by `make
// console-test`.
import { after } from "node:test";
import { leave } from "./stage.mjs";

await import("./story.mjs");
await import("./fleet.mjs");
await import("./map-tiles.mjs");
await import("./live.mjs");
await import("./cancel.mjs");
await import("./audit.mjs");
await import("./sessions.mjs");
await import("./revenue.mjs");
await import("./commands.mjs");
await import("./prices.mjs");
await import("./tariffs.mjs");
await import("./tariff-editor.mjs");
await import("./tariff-bindings.mjs");
await import("./tariff-calendar.mjs");
await import("./tariff-approval.mjs");
await import("./ingest.mjs");
await import("./import.mjs");
await import("./assets.mjs");
await import("./phone.mjs");
await import("./issues.mjs");
await import("./reliability.mjs");
await import("./scopes.mjs");
await import("./sign-in.mjs");
await import("./looks.mjs");
await import("./scale.mjs");

after(leave);
