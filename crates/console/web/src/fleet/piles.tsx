// The virtualized list of piles: pages are loaded on demand, and visible rows are updated live.

import type { JSX } from "preact";
import { useCallback, useMemo, useRef, useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { Pile } from "../api/types.ts";
import { remember, to } from "../app/router.ts";
import { Select } from "../design/field.tsx";
import { Cell, type Column, Rows } from "../design/rows.tsx";
import { Empty, Failed, meaning } from "../design/states.tsx";
import { STATUSES, Status, StatusShape } from "../design/status.tsx";
import { ago, count, kw, kwh, ratedKw } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useFollow } from "../live/follow.ts";
import { usePages } from "../live/pages.ts";
import { useEvery, useNow } from "../live/resource.ts";
import { Turns } from "../live/turns.ts";
import { SearchBox } from "./search-box.tsx";

export interface PileFilter {
  readonly q: string;
  readonly status: string;
  readonly online: string;
  readonly stationId?: string;
}

const PAGE = 100;
const ROW_PX = 56;
/**
 * Interval of reloading visible rows, in ms, because the feed does not contain power and energy.
 */
const METERS_MS = 5_000;

export function PileFilters({ q, status, online }: PileFilter): JSX.Element {
  return (
    <div class="card-body filters">
      <SearchBox hint={t("fleet.searchPiles")} value={q} onSearch={(text) => remember({ q: text })} />
      <Select
        label={t("fleet.status")} value={status} onChange={(next) => remember({ status: next })}
        choices={[{ value: "", text: t("fleet.anyStatus") }, ...STATUSES.map((name) => ({ value: name, text: named("status", name) }))]}
      />
      <Select
        label={t("fleet.online")} value={online} onChange={(next) => remember({ online: next })}
        choices={[
          { value: "", text: t("fleet.anyOnline") }, { value: "true", text: t("fleet.onlineOnly") }, { value: "false", text: t("fleet.offlineOnly") },
        ]}
      />
    </div>
  );
}

export function PileList({ filter, height }: { readonly filter: PileFilter; readonly height: "fill" | "fit" }): JSX.Element {
  const { q, status, online, stationId } = filter;
  const key = JSON.stringify([q, status, online, stationId]);
  const pages = usePages<Pile>(key, PAGE, (cursor, limit, signal) => {
    const known = STATUSES.find((name) => name === status);
    return assets.get("/api/v1/piles", { query: { cursor, limit, q, status: known, online: online === "" ? undefined : online === "true", stationId }, signal });
  });
  const [shown, setShown] = useState<readonly [number, number]>([0, 0]);
  const [changed, setChanged] = useState<ReadonlyMap<string, number>>(new Map());
  const latest = useRef(pages);
  latest.current = pages;
  const now = useNow(10_000);

  const visible = range(shown[0], Math.min(shown[1], pages.length - 1)).flatMap((row) => pages.at(row) ?? []);
  const ids = new Map(visible.map((pile) => [pile.chargePointId, pile.id]));
  const byDevice = useRef(ids);
  byDevice.current = ids;
  const turns = useMemo(() => new Turns(async (id) => {
    const pile = await assets.get("/api/v1/piles/{pileId}", { path: { pileId: id } });
    latest.current.replace((other) => other.id === id, pile);
    setChanged((before) => new Map([...before, [id, Date.now()] as const].slice(-200)));
  }), [key]);
  useFollow([...ids.keys()].slice(0, 200), (change) => {
    const id = byDevice.current.get(change.subject);
    if (id !== undefined) turns.ask(id);
  }, pages.refresh);
  useEvery(visible.some((pile) => pile.connectors.some((connector) => connector.sessionId !== null)) ? METERS_MS : null, pages.refresh);
  const onShown = useCallback((first: number, last: number) => {
    setShown([first, last]);
    latest.current.show(first, last);
  }, []);

  if (pages.length === 0) {
    if (pages.problem !== undefined) return <Failed problem={pages.problem} retry={() => pages.show(0, 0)} />;
    if (!pages.loading && !pages.more) {
      return stationId === undefined
        ? <Empty title={t("fleet.noPiles")}>{t("fleet.noPilesText")}</Empty>
        : <Empty title={t("station.noPiles")}>{t("station.noPilesText")}</Empty>;
    }
  }
  const columns: readonly Column[] = [
    { key: "pile", text: t("col.pile") }, { key: "status", text: t("col.status") }, { key: "connectors", text: t("col.connectors") },
    { key: "power", text: t("col.power"), right: true }, { key: "energy", text: t("col.energy"), right: true }, { key: "seen", text: t("col.seen") },
  ];
  const rows = pages.length + (pages.more ? PAGE : 0);
  return (
    <>
      {pages.problem === undefined ? null : <div class="notice warn" role="status">{t("state.stale", { why: meaning(pages.problem) })}</div>}
      <Rows
        label={t("fleet.piles")} columns={columns} count={rows} total={pages.more ? -1 : pages.length} rowHeight={ROW_PX} onShown={onShown}
        className={height === "fit" ? "piles fit" : "piles"}
      >
        {(row) => <PileRow pile={pages.at(row)} flash={changed} now={now} />}
      </Rows>
      <p class="rows-foot soft small num" aria-live="off">{t(pages.more ? "fleet.rows" : "fleet.rowsAll", { n: count(pages.length) })}</p>
    </>
  );
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_none, at) => first + at);
}

function PileRow({ pile, flash, now }: {
  readonly pile: Pile | undefined;
  readonly flash: ReadonlyMap<string, number>;
  readonly now: number;
}): JSX.Element {
  if (pile === undefined) return <Cell name="pile"><span class="skeleton" style={{ width: "60%", display: "block" }} /></Cell>;
  const power = sum(pile.connectors.map((connector) => connector.powerW));
  const energy = sum(pile.connectors.map((connector) => connector.sessionEnergyWh));
  const at = flash.get(pile.id);
  return (
    <>
      <Cell name="pile">
        <a href={to.pile(pile.id)} data-pile={pile.chargePointId}>{pile.name ?? pile.chargePointId}</a>
        <span class="soft small under">{pile.name === null ? `${pile.model} · ${ratedKw(pile.ratedPowerKw)}` : `${pile.chargePointId} · ${ratedKw(pile.ratedPowerKw)}`}</span>
      </Cell>
      <Cell name="status">
        <span key={at} class={at === undefined ? "" : "flash"}><Status status={pile.status} /></span>
        {pile.confidence === "stale" ? <span class="tag warn">{t("confidence.stale")}</span> : null}
        {pile.confidence === "doubtful" ? <span class="tag warn">{t("confidence.doubtful")}</span> : null}
      </Cell>
      <Cell name="connectors">
        <span class="outlets">
          {pile.connectors.map(({ connectorId, status }) => {
            const said = `${t("pile.connector", { n: connectorId })}: ${named("status", status)}`;
            return (
              <span key={connectorId} class={`outlet tone-${status}`} title={said}>
                <StatusShape status={status} />
                <span aria-hidden="true">{connectorId}</span>
                <span class="hidden-text">{said}</span>
              </span>
            );
          })}
        </span>
      </Cell>
      <Cell name="power" right>{power === null ? <None /> : kw(power)}</Cell>
      <Cell name="energy" right>{energy === null ? <None /> : kwh(energy)}</Cell>
      <Cell name="seen">{pile.lastSeenAt === null || pile.lastSeenAt === undefined ? <None /> : <span class="soft">{ago(pile.lastSeenAt, now)}</span>}</Cell>
    </>
  );
}

/** The text for an optional field that the operator did not fill in. */
export function NotStated(): JSX.Element {
  return <span class="soft">{t("state.notStated")}</span>;
}

export function None(): JSX.Element {
  return <span class="soft">–</span>;
}

function sum(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value): value is number => value !== null && value !== undefined);
  return known.length === 0 ? null : known.reduce((all, value) => all + value, 0);
}
