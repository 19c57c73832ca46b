// Excluded downtime, the newest first, with the filters in the address.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { Exclusion } from "../api/types.ts";
import { query, to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Empty, Failed, Loading } from "../design/states.tsx";
import { duration, moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { PileLink } from "../live/pile-names.tsx";
import { StationLink } from "../live/station-names.tsx";
import { type Filter, asQuery, read } from "./exclusion-filter.ts";
import { ExclusionFilters } from "./exclusion-filters.tsx";
import { WithdrawDialog } from "./withdraw-dialog.tsx";

const PAGE = 50;

export function ExclusionsPage(): JSX.Element {
  const filter = read(query.value);
  const place = { station: filter.station, pile: filter.pile };
  return (
    <>
      <Title text={t("exclusion.title")} />
      <div class="page-head">
        <div>
          <p class="crumb"><a href={to.reliability(place)}>{t("rel.title")}</a></p>
          <h1>{t("exclusion.title")}</h1>
          <p class="soft">{t("exclusion.lead")}</p>
        </div>
        {may("assets:write") ? <a class="button" href={to.newExclusion(place)} data-manage="new-exclusion">{t("exclusion.new")}</a> : (
          <button type="button" class="button" disabled title={t("nav.forbidden", { scope: "assets:write" })} data-manage="new-exclusion">{t("exclusion.new")}</button>
        )}
      </div>
      <section class="card card-body stack" aria-label={t("exclusion.title")}>
        <ExclusionFilters filter={filter} />
        <List filter={filter} />
      </section>
    </>
  );
}

function List({ filter }: { readonly filter: Filter }): JSX.Element {
  const asked = asQuery(filter);
  const [withdrawals, setWithdrawals] = useState(0);
  const [chosen, setChosen] = useState<Exclusion | null>(null);
  const list = useMore<Exclusion>(
    `${JSON.stringify(asked)} ${withdrawals}`, (cursor, signal) => assets.get("/api/v1/reliability/exclusions", { query: { ...asked, cursor, limit: PAGE }, signal }), ({ id }) => id,
  );
  if (list.items === undefined) return list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />;
  if (list.items.length === 0) return <Empty title={t("exclusion.empty")} />;
  return (
    <>
      <div class="scroll-x" tabIndex={0} role="group" aria-label={t("exclusion.title")}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t("exclusion.place")}</th><th scope="col">{t("exclusion.time")}</th><th scope="col">{t("exclusion.reason")}</th>
              <th scope="col">{t("exclusion.note")}</th><th scope="col">{t("exclusion.entered")}</th><th scope="col">{t("exclusion.state")}</th>
            </tr>
          </thead>
          <tbody>{list.items.map((one) => <Row key={one.id} exclusion={one} onWithdraw={() => setChosen(one)} />)}</tbody>
        </table>
      </div>
      {list.more ? <div><button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button></div> : null}
      {chosen === null ? null : (
        <WithdrawDialog
          exclusion={chosen} onClose={() => setChosen(null)}
          onWithdrawn={() => {
            setChosen(null);
            setWithdrawals(withdrawals + 1);
          }}
        />
      )}
    </>
  );
}

function Row({ exclusion, onWithdraw }: { readonly exclusion: Exclusion; readonly onWithdraw: () => void }): JSX.Element {
  const { id, from, until, reason, note, operatorId, createdAt, createdBy, withdrawnAt, withdrawnBy, withdrawalNote } = exclusion;
  const withdrawn = typeof withdrawnAt === "string";
  return (
    <tr data-exclusion={id} data-withdrawn={withdrawn}>
      <th scope="row"><Place of={exclusion} />{operatorId === null ? null : <span class="soft small"><br />{operatorId}</span>}</th>
      <td class="nowrap">{moment(from)} –<br />{moment(until)} <span class="soft small">{duration(Date.parse(until) - Date.parse(from))}</span></td>
      <td><span class="tag">{named("exclusionReason", reason)}</span></td>
      <td class="wide">{note}</td>
      <td class="small">{moment(createdAt)}<br /><span class="mono">{createdBy}</span></td>
      <td class="small">
        {withdrawn ? <><span class="tag plain">{t("exclusion.withdrawn")}</span><br />{moment(withdrawnAt)} <span class="mono">{withdrawnBy}</span><br />{withdrawalNote}</> : (
          <button
            type="button" class="button slim" disabled={!may("assets:write")} title={may("assets:write") ? undefined : t("nav.forbidden", { scope: "assets:write" })}
            onClick={onWithdraw}
          >
            {t("exclusion.withdraw")}
          </button>
        )}
      </td>
    </tr>
  );
}

function Place({ of: { stationId, pileId, connectorId } }: { readonly of: Exclusion }): JSX.Element {
  if (typeof stationId === "string") return <StationLink id={stationId} />;
  if (typeof pileId !== "string") return <>–</>;
  return <><PileLink id={pileId} />{typeof connectorId === "number" ? ` · ${connectorId}` : null}</>;
}
