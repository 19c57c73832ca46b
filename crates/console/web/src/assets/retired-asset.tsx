// The page of a retired station or pile: what was registered, when it was retired, its history, and the
// button that restores it. Nothing on it needs one that is in use.

import type { ComponentChildren, JSX } from "preact";
import type { Pile, Station } from "../api/types.ts";
import { to } from "../app/router.ts";
import { Title } from "../app/title.tsx";
import { moment } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { StationLink } from "../live/station-names.tsx";
import { CommandLog } from "../pile/command-log.tsx";
import { Registered } from "../pile/facts.tsx";
import { PastChanges } from "../pile/past-changes.tsx";
import { Sessions } from "../pile/sessions.tsx";
import { StationFacts } from "../station/facts.tsx";
import { PileEdits, PlacementsCard, StationEdits } from "./history-page.tsx";
import { type Kind, Restore } from "./restore.tsx";

interface Props {
  readonly retiredAt: string;
  /** Called after it was restored, also if that was refused. */
  readonly onDone: () => void;
}

export function RetiredStation({ station, retiredAt, onDone }: Props & { readonly station: Station }): JSX.Element {
  return (
    <>
      <Head kind="station" asset={station} name={station.name} retiredAt={retiredAt} onDone={onDone} />
      <StationFacts station={station} />
      <History><StationEdits id={station.id} /></History>
    </>
  );
}

export function RetiredPile({ pile, retiredAt, onDone }: Props & { readonly pile: Pile }): JSX.Element {
  return (
    <>
      <Head kind="pile" asset={pile} name={pile.name ?? pile.chargePointId} retiredAt={retiredAt} onDone={onDone} />
      <section class="card card-body">
        <Registered pile={pile} />
        <dl class="facts"><div><dt>{t("col.station")}</dt><dd><StationLink id={pile.stationId} /></dd></div></dl>
      </section>
      <PastChanges pileId={pile.id} />
      <Sessions pileId={pile.id} news={0} />
      <CommandLog pileId={pile.id} news={0} />
      <History><PileEdits id={pile.id} /></History>
      <PlacementsCard id={pile.id} />
    </>
  );
}

function Head({ kind, asset, name, retiredAt, onDone }: Props & {
  readonly kind: Kind;
  readonly asset: { readonly id: string; readonly version: number };
  readonly name: string;
}): JSX.Element {
  return (
    <>
      <Title text={name} />
      <div class="page-head">
        <div>
          <p class="crumb"><a href={kind === "pile" ? `${to.retired}?view=piles` : to.retired}>{t("asset.retired")}</a></p>
          <h1>{name}</h1>
          <p class="soft" data-retired-at={retiredAt}>{t("asset.retiredAt", { time: moment(retiredAt) })}</p>
        </div>
        <Restore kind={kind} id={asset.id} name={name} version={asset.version} onDone={onDone} />
      </div>
    </>
  );
}

function History({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return (
    <section class="card" aria-labelledby="history">
      <div class="card-head"><h2 id="history">{t("asset.history")}</h2></div>
      <div class="card-body">{children}</div>
    </section>
  );
}
