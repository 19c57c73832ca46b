// The end-to-end tests of the console in headless Chromium, one after the other. Run by `make
// console-test`; CONSOLE_TESTS="issues looks" runs only those of these files.
import { after } from "node:test";
import { leave } from "./stage.mjs";

const FILES = [
  "story", "fleet", "map-tiles", "live", "cancel", "audit", "sessions", "revenue", "commands", "prices",
  "tariffs", "tariff-editor", "tariff-bindings", "tariff-calendar", "tariff-approval", "ingest", "import",
  "assets", "phone", "issues", "reliability", "scopes", "sign-in", "looks", "scale",
];
const only = process.env.CONSOLE_TESTS?.split(" ");
for (const file of FILES) {
  if (only === undefined || only.includes(file)) await import(`./${file}.mjs`);
}

after(leave);
