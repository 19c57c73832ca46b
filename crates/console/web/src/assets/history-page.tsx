// The history of a station or pile: who changed what and when, also after it was retired.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { Edit, Page, Placement } from "../api/types.ts";
import { to } from "../app/router.ts";
import { Empty, Failed, Loading } from "../design/states.tsx";
import { None } from "../fleet/piles.tsx";
import { moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { AssetPage } from "./asset-page.tsx";
import { fieldName, valueText } from "./value-text.ts";

const PAGE = 50;

export function StationHistoryPage({ id }: { readonly id: string }): JSX.Element {
  return (
    <AssetPage title={t("asset.history")} back={to.station(id)} backText={t("col.station")}>
      <StationEdits id={id} />
    </AssetPage>
  );
}

export function PileHistoryPage({ id }: { readonly id: string }): JSX.Element {
  return (
    <>
      <AssetPage title={t("asset.history")} back={to.pile(id)} backText={t("col.pile")}>
        <PileEdits id={id} />
      </AssetPage>
      <PlacementsCard id={id} />
    </>
  );
}

export function StationEdits({ id }: { readonly id: string }): JSX.Element {
  return <Edits id={id} load={(cursor, signal) => assets.get("/api/v1/stations/{stationId}/audit", { path: { stationId: id }, query: { cursor, limit: PAGE }, signal })} />;
}

export function PileEdits({ id }: { readonly id: string }): JSX.Element {
  return <Edits id={id} load={(cursor, signal) => assets.get("/api/v1/piles/{pileId}/audit", { path: { pileId: id }, query: { cursor, limit: PAGE }, signal })} />;
}

export function PlacementsCard({ id }: { readonly id: string }): JSX.Element {
  return (
    <section class="card" aria-labelledby="placements">
      <div class="card-head"><h2 id="placements">{t("asset.placements")}</h2></div>
      <div class="card-body"><Placements id={id} /></div>
    </section>
  );
}

function Edits({ id, load }: { readonly id: string; readonly load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Edit>> }): JSX.Element {
  const list = useMore<Edit>(id, load, ({ version }) => String(version));
  if (list.items === undefined) return list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />;
  if (list.items.length === 0) return <Empty title={t("asset.noHistory")} />;
  return (
    <>
      <ol class="edits">{list.items.map((edit) => <EditItem key={edit.version} edit={edit} />)}</ol>
      {list.more ? <div><button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button></div> : null}
    </>
  );
}

function EditItem({ edit }: { readonly edit: Edit }): JSX.Element {
  const { version, action, at, by, changed, before, after, reason } = edit;
  const shown = changed.length > 0 ? changed : Object.keys(after ?? before ?? {}).filter((field) => valueText(field, (after ?? before)?.[field]) !== "");
  const value = (side: Edit["after"], field: string) => valueText(field, side?.[field]);
  return (
    <li data-edit={action} data-version={version}>
      <p class="buttons">
        <span class="tag">{named("assetAction", action)}</span> <strong class="mono">{by}</strong> <span class="num">{moment(at)}</span>
        <span class="soft small">{t("audit.version", { n: version })}</span>
      </p>
      {reason === null || reason === undefined ? null : <p>{t("asset.because", { reason })}</p>}
      <dl class="facts">
        {shown.map((field) => (
          <div key={field} data-field={field}>
            <dt>{fieldName(field)}</dt>
            <dd>{changed.length > 0 ? <><del>{value(before, field) || t("conflict.nothing")}</del> → {value(after, field) || t("conflict.nothing")}</> : value(after ?? before, field)}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

function Placements({ id }: { readonly id: string }): JSX.Element {
  const list = useMore<Placement>(id, (cursor, signal) => assets.get("/api/v1/piles/{pileId}/placements", { path: { pileId: id }, query: { cursor, limit: PAGE }, signal }), ({ from }) => from ?? "");
  if (list.items === undefined) return list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />;
  return (
    <>
      <div class="scroll-x" tabIndex={0} role="group" aria-label={t("asset.placements")}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{fieldName("chargePointId")}</th><th scope="col">{t("col.station")}</th><th scope="col">{fieldName("operatorId")}</th>
              <th scope="col">{t("asset.from")}</th><th scope="col">{t("asset.until")}</th>
            </tr>
          </thead>
          <tbody>
            {list.items.map((placement) => (
              <tr key={placement.from ?? ""} data-placement={placement.chargePointId}>
                <td class="mono">{placement.chargePointId}</td>
                <td><a class="mono small" href={to.station(placement.stationId)}>{placement.stationId}</a></td>
                <td>{placement.operatorId ?? <None />}</td>
                <td class="nowrap">{placement.from === null || placement.from === undefined ? t("asset.fromBegin") : moment(placement.from)}</td>
                <td class="nowrap">{placement.until === null || placement.until === undefined ? t("asset.untilNow") : moment(placement.until)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {list.more ? <div><button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button></div> : null}
    </>
  );
}
