// The entry point: loads texts and settings, and shows the page of the address.

import { render } from "preact";
import { RETURN_PATH } from "./app/oidc/flow.ts";
import { report } from "./app/oidc/frame.ts";
import { Shell } from "./app/shell.tsx";
import { start } from "./app/start.ts";
import { loadTexts } from "./i18n/language.ts";
import "uplot/dist/uPlot.min.css";
import "./design/tokens.css";
import "./design/base.css";
import "./design/layout.css";
import "./design/rows.css";
import "./design/log.css";
import "./design/prices.css";
import "./design/forms.css";
import "./fleet/fleet.css";
import "./station/station.css";
import "./pile/pile.css";
import "./import/import.css";
import "./forms/conflict.css";
import "./assets/assets.css";
import "./tariffs/tariffs.css";
import "./session/session.css";
import "./issues/issues.css";
import "./reliability/reliability.css";

const place = document.getElementById("app");
if (location.pathname !== RETURN_PATH || !report()) {
  void start();
  loadTexts().then(show, () => {
    if (place !== null) place.textContent = "The console could not be loaded; reload the page. 控制台加载失败，请刷新页面。";
  });
}

function show(): void {
  if (place === null) return;
  place.textContent = "";
  render(<Shell />, place);
}
