// The entry point: loads the settings and shows the page of the address.

import { render } from "preact";
import { RETURN_PATH } from "./app/oidc/flow.ts";
import { report } from "./app/oidc/frame.ts";
import { Shell } from "./app/shell.tsx";
import { start } from "./app/start.ts";
import "uplot/dist/uPlot.min.css";
import "./design/tokens.css";
import "./design/base.css";
import "./fleet/fleet.css";
import "./station/station.css";
import "./pile/pile.css";
import "./import/import.css";

const place = document.getElementById("app");
if (location.pathname !== RETURN_PATH || !report()) {
  if (place !== null) {
    place.textContent = "";
    render(<Shell />, place);
  }
  void start();
}
