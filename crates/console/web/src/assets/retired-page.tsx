// Retired stations and piles, each with a link to its page; they can be restored.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { Page } from "../api/types.ts";
import { query, remember, to } from "../app/router.ts";
import { Segments } from "../design/field.tsx";
import { Empty, Failed, Loading } from "../design/states.tsx";
import { SearchBox } from "../fleet/search-box.tsx";
import { moment } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { AssetPage } from "./asset-page.tsx";
import { type Kind, Restore, pageOf } from "./restore.tsx";

const PAGE = 50;

/** A retired station or pile. */
interface Retired {
  readonly id: string;
  readonly name: string;
  /** The address of a station, the charge point of a pile. */
  readonly about: string;
  readonly retiredAt: string | null;
  readonly version: number;
}

async function stations(q: string, cursor: string | undefined, signal: AbortSignal): Promise<Page<Retired>> {
  const page = await assets.get("/api/v1/stations", { query: { retired: true, q, cursor, limit: PAGE }, signal });
  const items = page.items.map(({ id, name, address, retiredAt, version }) => ({ id, name, about: address ?? "", retiredAt: retiredAt ?? null, version }));
  return { items, nextCursor: page.nextCursor };
}

async function piles(q: string, cursor: string | undefined, signal: AbortSignal): Promise<Page<Retired>> {
  const page = await assets.get("/api/v1/piles", { query: { retired: true, q, cursor, limit: PAGE }, signal });
  const items = page.items.map(({ id, name, chargePointId, retiredAt, version }) => ({ id, name: name ?? chargePointId, about: chargePointId, retiredAt: retiredAt ?? null, version }));
  return { items, nextCursor: page.nextCursor };
}

export function RetiredPage(): JSX.Element {
  const view = query.value.get("view") === "piles" ? "piles" : "stations";
  const q = query.value.get("q") ?? "";
  const list = useMore<Retired>(`${view}-${q}`, (cursor, signal) => (view === "piles" ? piles : stations)(q, cursor, signal), ({ id }) => id);
  return (
    <AssetPage title={t("asset.retired")} back={to.fleet} backText={t("station.back")}>
      <div class="stack">
        <div class="filters">
          <Segments
            label={t("fleet.views")} value={view} choices={[{ value: "stations", text: t("fleet.stations") }, { value: "piles", text: t("fleet.piles") }]}
            onChange={(next) => remember({ view: next === "piles" ? "piles" : "", q: "" })}
          />
          <SearchBox key={view} hint={t(view === "piles" ? "fleet.searchPiles" : "fleet.searchStations")} value={q} onSearch={(text) => remember({ q: text })} />
        </div>
        {list.items === undefined ? (list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />) : null}
        {list.items?.length === 0 ? <Empty title={t("asset.noneRetired")} /> : null}
        <ul class="edits">{list.items?.map((one) => <Row key={one.id} kind={view === "piles" ? "pile" : "station"} asset={one} onDone={list.refresh} />)}</ul>
        {list.more ? <div><button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button></div> : null}
      </div>
    </AssetPage>
  );
}

function Row({ kind, asset, onDone }: { readonly kind: Kind; readonly asset: Retired; readonly onDone: () => void }): JSX.Element {
  return (
    <li data-retired={asset.id} class="retired">
      <div>
        <p><a href={pageOf(kind, asset.id)}><strong>{asset.name}</strong></a> <span class="soft">{asset.about}</span></p>
        <p class="soft small">{asset.retiredAt === null ? null : t("asset.retiredAt", { time: moment(asset.retiredAt) })}</p>
      </div>
      <div class="buttons">
        <a class="button slim" href={kind === "pile" ? to.ofPile(asset.id, "history") : to.ofStation(asset.id, "history")}>{t("asset.history")}</a>
        <Restore kind={kind} id={asset.id} name={asset.name} version={asset.version} onDone={onDone} />
      </div>
    </li>
  );
}
