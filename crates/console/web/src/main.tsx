// The entry point: loads the settings and shows the page of the address.

import { render } from "preact";
import { Shell } from "./app/shell.tsx";
import { start } from "./app/start.ts";
import "uplot/dist/uPlot.min.css";
import "./design/tokens.css";
import "./design/base.css";
import "./fleet/fleet.css";
import "./station/station.css";
import "./pile/pile.css";
import "./import/import.css";
import "./session/session.css";

const place = document.getElementById("app");
if (place !== null) {
  place.textContent = "";
  render(<Shell />, place);
}
void start();
