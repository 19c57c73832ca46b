// The status history of a retired pile, page by page. It has no lanes: those end with a present state.

import type { JSX } from "preact";
import { assets } from "../api/client.ts";
import type { StatusChange } from "../api/types.ts";
import { Empty, Failed, Loading } from "../design/states.tsx";
import { t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { ChangeItem, keyOf } from "./timeline.tsx";

const PAGE = 20;

export function PastChanges({ pileId }: { readonly pileId: string }): JSX.Element {
  const list = useMore<StatusChange>(pileId, (cursor, signal) => {
    return assets.get("/api/v1/piles/{pileId}/status-history", { path: { pileId }, query: { retired: true, limit: PAGE, cursor }, signal });
  }, keyOf);
  return (
    <section class="card" aria-labelledby="timeline">
      <div class="card-head"><h2 id="timeline">{t("pile.timeline")}</h2></div>
      <div class="card-body">
        {list.items === undefined ? (list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />) : list.items.length === 0 ? <Empty title={t("pile.timelineEmpty")} /> : (
          <ol class="events" data-changes={list.items.length}>{list.items.map((change) => <ChangeItem key={keyOf(change)} change={change} />)}</ol>
        )}
        {list.more ? <button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button> : null}
      </div>
    </section>
  );
}
