// Printable labels with QR codes, one for each connector of a pile or a station.

import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { Pile, Station } from "../api/types.ts";
import { to } from "../app/router.ts";
import { settings } from "../app/session.ts";
import { Segments } from "../design/field.tsx";
import { Empty, Shown } from "../design/states.tsx";
import { Control } from "../forms/inputs.tsx";
import { count, ratedKw } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import { AssetPage } from "./asset-page.tsx";
import { type Label, PLACEHOLDERS, checkContent, codeText, drawn, labelsOf, svgFile } from "./labels.ts";

const PAGE = 200;
/** Piles of a station that get labels at once. */
const MOST_PILES = 1_000;

interface Found {
  readonly labels: readonly Label[];
  readonly name: string;
  /** Whether the station has more piles. */
  readonly more: boolean;
}

async function ofPile(pileId: string, signal: AbortSignal): Promise<Found> {
  const pile = await assets.get("/api/v1/piles/{pileId}", { path: { pileId }, signal });
  const station = await assets.get("/api/v1/stations/{stationId}", { path: { stationId: pile.stationId }, signal });
  return { labels: labelsOf(pile, station), name: pile.name ?? pile.chargePointId, more: false };
}

async function ofStation(stationId: string, signal: AbortSignal): Promise<Found> {
  const station: Station = await assets.get("/api/v1/stations/{stationId}", { path: { stationId }, signal });
  const piles: Pile[] = [];
  let cursor: string | undefined;
  do {
    const page = await assets.get("/api/v1/piles", { query: { stationId, cursor, limit: PAGE }, signal });
    piles.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && piles.length < MOST_PILES);
  return { labels: piles.flatMap((pile) => labelsOf(pile, station)), name: station.name, more: cursor !== undefined };
}

export function PileLabelsPage({ id }: { readonly id: string }): JSX.Element {
  const found = useResource(id, (signal) => ofPile(id, signal));
  return <Shown whole of={found}>{(shown) => <Labels found={shown} back={to.pile(id)} backText={t("col.pile")} />}</Shown>;
}

export function StationLabelsPage({ id }: { readonly id: string }): JSX.Element {
  const found = useResource(id, (signal) => ofStation(id, signal));
  return <Shown whole of={found}>{(shown) => <Labels found={shown} back={to.station(id)} backText={t("col.station")} />}</Shown>;
}

function Labels({ found, back, backText }: { readonly found: Found; readonly back: string; readonly backText: string }): JSX.Element {
  const [content, setContent] = useState(settings.value?.labelContent ?? "");
  const [size, setSize] = useState<"sheet" | "single">("sheet");
  const wrong = checkContent(content);
  return (
    <>
      <AssetPage title={t("asset.labels")} of={found.name} back={back} backText={backText}>
        <div class="form">
          <Control
            label={t("label.content")} limit={{ kind: "text", required: true }} fault={wrong === null ? undefined : t(`label.${wrong}`)}
            hint={t("label.contentHint", { names: PLACEHOLDERS.map((name) => `{${name}}`).join(" ") })}
          >
            {(attributes) => <input {...attributes} class="input mono" type="text" autocomplete="off" spellcheck={false} value={content} onInput={(event) => setContent(event.currentTarget.value)} />}
          </Control>
          <div class="buttons">
            <Segments
              label={t("label.size")} value={size} choices={[{ value: "sheet", text: t("label.sheet") }, { value: "single", text: t("label.single") }]}
              onChange={(next) => setSize(next === "single" ? "single" : "sheet")}
            />
            <button type="button" class="button primary" disabled={wrong !== null || found.labels.length === 0} onClick={() => print()}>{t("label.print")}</button>
            <span class="soft small num">{t("label.count", { n: count(found.labels.length) })}</span>
          </div>
          {found.more ? <p class="notice warn">{t("label.more", { n: count(MOST_PILES) })}</p> : null}
        </div>
      </AssetPage>
      {found.labels.length === 0 ? <section class="card"><Empty title={t("pile.noConnectors")}>{t("label.noConnectors")}</Empty></section> : (
        <ul class={`labels ${size}`} aria-label={t("asset.labels")}>
          {wrong === null ? found.labels.map((label) => <LabelItem key={`${label.pileId}-${label.connectorId}`} label={label} text={codeText(content, label)} />) : null}
        </ul>
      )}
    </>
  );
}

function LabelItem({ label, text }: { readonly label: Label; readonly text: string }): JSX.Element {
  const code = drawn(text);
  const title = useId();
  const power = label.maxPowerKw === null ? null : ratedKw(label.maxPowerKw);
  return (
    <li class="label" data-label={`${label.chargePointId}/${label.connectorId}`} data-code={text} aria-labelledby={title}>
      <svg viewBox={`0 0 ${code.size} ${code.size}`} role="img" aria-label={t("label.codeOf", { text })} shape-rendering="crispEdges"><path d={code.path} fill="currentColor" /></svg>
      <div class="label-text">
        <strong id={title}>{label.pile} · {t("pile.connector", { n: label.connectorId })}</strong>
        <span>{label.station}</span>
        <span>{[label.type === null ? null : named("connectorType", label.type), power].filter((part) => part !== null).join(" · ")}</span>
        <span class="mono">{label.chargePointId}</span>
        <a class="no-print" href={svgFile(code)} download={`${label.chargePointId}-${label.connectorId}.svg`}>{t("label.download")}</a>
      </div>
    </li>
  );
}
