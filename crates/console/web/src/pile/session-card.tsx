// Live charts of power and energy of the open sessions.

import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { MeterSample, Pile } from "../api/types.ts";
import { Chart, type Line } from "../chart/chart.tsx";
import { Empty, Shown } from "../design/states.tsx";
import { clock, kw, kwh } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { type Samples, grown, thinned } from "./samples.ts";

const EVERY_MS = 3_000;
const PAGE = 200;
/** Largest number of pages of samples that are fetched for a long session. */
const MOST_PAGES = 20;
/** Rows of the table below a chart. */
const ROWS = 20;

export function SessionCard({ pile }: { readonly pile: Pile }): JSX.Element {
  const open = pile.connectors.filter((connector) => typeof connector.sessionId === "string");
  return (
    <section class="card" aria-labelledby="session">
      <div class="card-head"><h2 id="session">{t("pile.session")}</h2></div>
      {open.length === 0 ? <Empty title={t("pile.noSession")}>{t("pile.noSessionText")}</Empty> : open.map((connector) => (
        <Running key={connector.sessionId} sessionId={String(connector.sessionId)} connectorId={connector.connectorId} />
      ))}
    </section>
  );
}

function Running({ sessionId, connectorId }: { readonly sessionId: string; readonly connectorId: number }): JSX.Element {
  const known = useRef<Samples>([]);
  const meter = useResource(sessionId, async (signal) => {
    const read = (cursor: string | undefined) => assets.get("/api/v1/sessions/{sessionId}/meter-samples", { path: { sessionId }, query: { limit: PAGE, cursor }, signal });
    known.current = await grown(known.current, read, MOST_PAGES);
    return known.current;
  });
  const session = useResource(sessionId, (signal) => assets.get("/api/v1/sessions/{sessionId}", { path: { sessionId }, signal }));
  useEvery(EVERY_MS, () => {
    meter.reload();
    session.reload();
  });
  return (
    <div class="card-body" data-session={sessionId}>
      <Shown of={session} rows={1}>
        {(shown) => (
          <p class="small soft num">
            {t("pile.connector", { n: connectorId })} · {t("session.started")} {clock(shown.startedAt)} · {t("session.idTag")} {shown.idTag ?? "–"}
            {typeof shown.energyWh === "number" ? ` · ${kwh(shown.energyWh)}` : ""}
          </p>
        )}
      </Shown>
      <Shown of={meter}>
        {(samples) => (samples.length === 0 ? <Empty title={t("pile.noSamples")} /> : <Curve samples={samples} startWh={session.value?.meterStartWh ?? null} startedAt={session.value?.startedAt ?? null} />)}
      </Shown>
    </div>
  );
}

function Curve({ samples, startWh, startedAt }: { readonly samples: Samples; readonly startWh: number | null; readonly startedAt: string | null }): JSX.Element {
  const base = startWh ?? samples.find((sample) => sample.energyWh !== null)?.energyWh ?? 0;
  const shown = useMemo(() => thinned(samples, 600), [samples]);
  const times = useMemo(() => shown.map((sample) => Date.parse(sample.takenAt) / 1000), [shown]);
  const values = useMemo(() => [
    shown.map((sample) => (sample.powerW === null ? null : sample.powerW / 1000)),
    shown.map((sample) => (sample.energyWh === null ? null : (sample.energyWh - base) / 1000)),
  ], [shown, base]);
  const last = samples.at(-1);
  const lines: Line[] = [
    { label: t("col.power"), colour: "--s-charging", axis: "left", fill: true },
    { label: t("col.energy"), colour: "--s-available", axis: "right" },
  ];
  const power = typeof last?.powerW === "number" ? kw(last.powerW) : "–";
  const energy = typeof last?.energyWh === "number" ? kwh(last.energyWh - base) : "–";
  return (
    <div data-samples={samples.length}>
      <ul class="legend">
        <li><span class="swatch" style={{ background: "var(--s-charging)" }} />{t("col.power")} <strong class="num">{power}</strong></li>
        <li><span class="swatch" style={{ background: "var(--s-available)" }} />{t("col.energy")} <strong class="num">{energy}</strong></li>
        {typeof last?.socPercent === "number" ? <li>{t("pile.soc")} <strong class="num">{Math.round(last.socPercent)} %</strong></li> : null}
      </ul>
      <Chart
        label={t("pile.chart", { time: clock(startedAt ?? samples[0]?.takenAt ?? 0), power, energy })}
        lines={lines} times={times} values={values} height={250} left="kW" right="kWh"
      />
      <details>
        <summary>{t("pile.chartTable")}</summary>
        <Table samples={samples} base={base} />
      </details>
    </div>
  );
}

function Table({ samples, base }: { readonly samples: Samples; readonly base: number }): JSX.Element {
  const number = (value: number | null, show: (value: number) => string) => (value === null ? "–" : show(value));
  return (
    <div class="scroll-x">
      <table class="table">
        <thead><tr><th scope="col">{t("col.time")}</th><th scope="col" class="right">{t("col.power")}</th><th scope="col" class="right">{t("col.energy")}</th></tr></thead>
        <tbody>
          {samples.slice(-ROWS).reverse().map((sample: MeterSample) => (
            <tr key={sample.takenAt}>
              <td>{clock(sample.takenAt)}</td><td class="right">{number(sample.powerW, kw)}</td><td class="right">{number(sample.energyWh, (value) => kwh(value - base))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
