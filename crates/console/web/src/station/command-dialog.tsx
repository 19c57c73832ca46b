// The dialog of a command to a station: which piles and how fast, what would happen, and the
// confirmation. The page of the batch shows the progress.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Problem, isAbort } from "../api/problem.ts";
import type { BatchPreview, ConnectorStatus, Station } from "../api/types.ts";
import { go, to } from "../app/router.ts";
import { Dialog } from "../design/dialog.tsx";
import { Field } from "../design/field.tsx";
import { Shown } from "../design/states.tsx";
import { STATUSES } from "../design/status.tsx";
import { count, duration } from "../i18n/format.ts";
import { known, named, t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import { Refusal } from "../pile/command-dialog.tsx";
import { Availability, ResetKind } from "../pile/entries.tsx";
import { newKey } from "../forms/new-key.ts";
import { RATE, type Selection, type StationOrder, previewOrder, rateOf, sendStationOrder } from "./station-order.ts";

/** The statuses that a connector can report. */
const REPORTED = STATUSES.filter((name): name is ConnectorStatus => name !== "Offline" && name !== "Unknown");
/** The largest number of refused piles that are listed. */
const LISTED = 50;

export function StationDialog({ station, order, onClose }: { readonly station: Station; readonly order: StationOrder; readonly onClose: () => void }): JSX.Element {
  const [selection, setSelection] = useState<Selection>({ reset: "Soft", availability: "Inoperative", statuses: [], rate: String(RATE.usual) });
  const [sending, setSending] = useState(false);
  const [refused, setRefused] = useState<Problem | null>(null);
  // The same key until a response arrives, so that a retry is the same batch.
  const key = useRef(newKey());
  const ended = useMemo(() => new AbortController(), []);
  useEffect(() => () => ended.abort(), []);
  const rate = rateOf(selection.rate);
  const preview = useResource(rate === null ? null : JSON.stringify(selection), (signal) => previewOrder(order, station.id, selection, signal));
  const nothing = preview.value === undefined || preview.value.piles === preview.value.refused;
  const change = (next: Partial<Selection>) => {
    key.current = newKey();
    setRefused(null);
    setSelection({ ...selection, ...next });
  };
  const send = (event: Event) => {
    event.preventDefault();
    if (rate === null || nothing || sending) return;
    setSending(true);
    setRefused(null);
    sendStationOrder(order, station.id, selection, key.current, ended.signal).then(
      (batchId) => go(to.batch(batchId)),
      (error: unknown) => {
        if (isAbort(error)) return;
        const problem = error instanceof Problem ? error : Problem.unreachable(error);
        if (problem.status >= 400 && problem.status < 500) key.current = newKey();
        setRefused(problem);
        setSending(false);
      },
    );
  };
  return (
    <Dialog title={t("command.confirm", { command: t(`command.${order}`), pile: station.name })} onClose={onClose}>
      <form class="dialog-form" onSubmit={send}>
        <p class="soft">{t(`command.ask.${order}`)}</p>
        {order === "reset" ? <ResetKind value={selection.reset} onChoose={(reset) => change({ reset })} /> : <Availability value={selection.availability} onChoose={(availability) => change({ availability })} />}
        <Statuses chosen={selection.statuses} onChoose={(statuses) => change({ statuses })} />
        <Field label={t("station.pace")} fault={rate === null ? t("station.paceFault", { least: RATE.least, most: RATE.most }) : undefined}>
          {(id) => (
            <input
              id={id} class="input num" type="number" inputMode="numeric" min={RATE.least} max={RATE.most} step={1} value={selection.rate} required aria-invalid={rate === null}
              onInput={(event) => change({ rate: event.currentTarget.value })}
            />
          )}
        </Field>
        {rate === null ? null : <Shown of={preview} rows={2}>{(shown) => <Expected preview={shown} />}</Shown>}
        {refused === null ? null : <Refusal problem={refused} />}
        <div class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>{t("command.cancel")}</button>
          <button type="submit" class="button danger" disabled={rate === null || nothing || sending}>
            {sending ? t("command.sending") : preview.value === undefined ? t("command.send") : t("station.send", { n: count(preview.value.piles - preview.value.refused) })}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Statuses({ chosen, onChoose }: { readonly chosen: readonly ConnectorStatus[]; readonly onChoose: (statuses: ConnectorStatus[]) => void }): JSX.Element {
  return (
    <fieldset>
      <legend>{t("station.onlyStatuses")}</legend>
      <div class="choices">
        {REPORTED.map((name) => (
          <label key={name} class="check small">
            <input
              type="checkbox" checked={chosen.includes(name)}
              onChange={(event) => onChoose(event.currentTarget.checked ? [...chosen, name] : chosen.filter((other) => other !== name))}
            />
            {named("status", name)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** What the command would do: how many piles, how long, and which are refused. */
function Expected({ preview }: { readonly preview: BatchPreview }): JSX.Element {
  const { piles, refused, refusals, durationS } = preview;
  return (
    <div class="notice" role="status" data-preview={piles} data-refused={refused}>
      <p><strong>{piles === 0 ? t("station.previewNone") : t("station.preview", { n: count(piles - refused), all: count(piles), time: duration(durationS * 1000) })}</strong></p>
      {refused === 0 ? null : (
        <details>
          <summary>{t("station.previewRefused", { n: count(refused) })}</summary>
          <ul class="why small">
            {refusals.slice(0, LISTED).map((one) => (
              <li key={one.pileId}><a class="mono" href={to.pile(one.pileId)}>{one.chargePointId ?? one.pileId}</a> {known("problem", one.code) ?? one.code}</li>
            ))}
          </ul>
          {refused > LISTED ? <p class="small soft">{t("station.previewMore", { n: count(refused - LISTED) })}</p> : null}
        </details>
      )}
    </div>
  );
}
