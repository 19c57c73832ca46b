// The totals as a table, each with links to what it consists of.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ReliabilityTotal } from "../api/types.ts";
import { to } from "../app/router.ts";
import { count } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { PileLink } from "../live/pile-names.tsx";
import { StationLink } from "../live/station-names.tsx";
import { Shares, Uptime, lasting, percentText } from "./figures.tsx";
import { type Filter, addressOf } from "./filter.ts";
import { down, keyOf, sorted, tallyOf } from "./ledger.ts";

/** The number of rows that are shown at first, and more on request: each reads a name. */
const ROWS = 50;

export function TotalsTable({ totals, filter }: { readonly totals: readonly ReliabilityTotal[]; readonly filter: Filter }): JSX.Element {
  const [shown, setShown] = useState(ROWS);
  return (
    <>
      <div class="scroll-x" tabIndex={0} role="group" aria-label={t("rel.title")}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t(`rel.by.${filter.by}`)}</th><th scope="col" class="right">{t("rel.uptime")}</th><th scope="col">{t("rel.shares")}</th>
              <th scope="col" class="right">{t("rel.down")}</th><th scope="col" class="right">{t("rel.excluded")}</th><th scope="col" class="right">{t("rel.failures")}</th>
              <th scope="col" class="right">{t("rel.repair")}</th><th scope="col" class="right">{t("rel.starts")}</th><th scope="col">{t("rel.known")}</th>
            </tr>
          </thead>
          <tbody>{sorted(totals, filter.sort).slice(0, shown).map((total) => <Row key={keyOf(total)} total={total} filter={filter} />)}</tbody>
        </table>
      </div>
      {totals.length > shown ? <div><button type="button" class="button slim" onClick={() => setShown(shown + ROWS)}>{t("state.more")}</button></div> : null}
    </>
  );
}

function Row({ total, filter }: { readonly total: ReliabilityTotal; readonly filter: Filter }): JSX.Element {
  const tally = tallyOf(total);
  return (
    <tr data-total={keyOf(total).trim()}>
      <th scope="row"><Subject of={total} filter={filter} /></th>
      <td class="right nowrap"><Uptime of={tally} profile={filter.profile} /></td>
      <td class="wide"><Shares of={tally} /></td>
      <td class="right nowrap">{lasting(down(tally))}</td>
      <td class="right nowrap">{lasting(tally.excluded)}</td>
      <td class="right">{count(total.failures)}</td>
      <td class="right nowrap">{typeof total.meanTimeToRepairS === "number" ? lasting(total.meanTimeToRepairS) : "–"}</td>
      <td class="right nowrap">{percentText(total.startSuccessPercent)} <span class="soft small">{count(total.startsAccepted)}</span></td>
      <td class="nowrap small soft">{total.firstDay} – {total.lastDay}</td>
    </tr>
  );
}

/** What a total is for, and a link to its parts. */
function Subject({ of: { stationId, pileId, connectorId, operatorId }, filter }: { readonly of: ReliabilityTotal; readonly filter: Filter }): JSX.Element {
  const parts = (changes: Partial<Filter>) => (
    <a class="small soft" href={to.reliability(addressOf(filter, changes))}>{t(`rel.parts.${changes.by ?? "station"}`)}</a>
  );
  if (typeof stationId === "string") return <><StationLink id={stationId} /><br />{parts({ by: "pile", station: stationId })}</>;
  if (typeof operatorId === "string") return <><span>{operatorId}</span><br />{parts({ by: "station", operator: operatorId })}</>;
  if (typeof pileId !== "string") return <>–</>;
  if (typeof connectorId === "number") return <span class="nowrap"><PileLink id={pileId} /> · {connectorId}</span>;
  return <><PileLink id={pileId} /><br />{parts({ by: "connector", pile: pileId })}</>;
}
