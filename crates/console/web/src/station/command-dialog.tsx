// The dialog of a command to a station: which piles and how fast, what would happen, and the
// confirmation. The page of the batch shows the progress.

import type { JSX } from "preact";
import type { BatchPreview, ConnectorStatus, Station } from "../api/types.ts";
import { go, to } from "../app/router.ts";
import { Dialog } from "../design/dialog.tsx";
import { Shown } from "../design/states.tsx";
import { STATUSES } from "../design/status.tsx";
import { FormFrame } from "../forms/frame.tsx";
import { TextInput } from "../forms/inputs.tsx";
import { type Form, useForm } from "../forms/use-form.ts";
import { count, duration } from "../i18n/format.ts";
import { known, named, t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import { Refusal } from "../pile/command-dialog.tsx";
import { Availability, Configuration, Message, ResetKind } from "../pile/entries.tsx";
import { PACE, PROPOSED, type Selection, type StationOrder, checkSelection, previewOrder, sendStationOrder } from "./station-order.ts";

/** The statuses that a connector can report. */
const REPORTED = STATUSES.filter((name): name is ConnectorStatus => name !== "Offline" && name !== "Unknown");
/** The fields next to which the faults of the service are shown. */
const FIELDS = ["key", "value", "ratePerSecond"];
/** The largest number of refused piles that are listed. */
const LISTED = 50;

export function StationDialog({ station, order, onClose }: { readonly station: Station; readonly order: StationOrder; readonly onClose: () => void }): JSX.Element {
  const form = useForm({ name: `command.${order}.${station.id}`, version: 0, base: PROPOSED, check: (entered) => checkSelection(order, entered) });
  const selection = form.values;
  const valid = checkSelection(order, selection).length === 0;
  const preview = useResource(valid ? JSON.stringify(selection) : null, (signal) => previewOrder(order, station.id, selection, signal));
  const nothing = preview.value === undefined || preview.value.piles === preview.value.refused;
  const send = async (signal: AbortSignal) => go(to.batch(await sendStationOrder(order, station.id, selection, form.key, signal)));
  const command = t(`command.${order}`);
  return (
    <Dialog title={t("command.confirm", { command, pile: station.name })} onClose={onClose}>
      <FormFrame
        form={form} label={command} saving={t("command.sending")} danger={order !== "trigger-message"} cancel={onClose} blocked={nothing} fields={FIELDS}
        save={preview.value === undefined ? t("command.send") : t("station.send", { n: count(preview.value.piles - preview.value.refused) })}
        refusal={(problem) => <Refusal problem={problem} fields={FIELDS} />} act={send}
      >
        <p class="soft">{t(`command.ask.${order}`)}</p>
        <Arguments order={order} form={form} />
        <Statuses chosen={selection.statuses} onChoose={(statuses) => form.set("statuses", statuses)} />
        <TextInput
          label={t("station.pace")} limit={PACE} value={selection.ratePerSecond} fault={form.fault("ratePerSecond")}
          onEnter={(text) => {
            form.set("ratePerSecond", text);
            form.touch("ratePerSecond");
          }}
        />
        {valid ? <Shown of={preview} rows={2}>{(shown) => <Expected preview={shown} />}</Shown> : null}
      </FormFrame>
    </Dialog>
  );
}

/** The arguments of the command itself. */
function Arguments({ order, form: { values, set, touch, fault } }: { readonly order: StationOrder; readonly form: Form<Selection> }): JSX.Element {
  switch (order) {
    case "reset":
      return <ResetKind value={values.reset} onChoose={(reset) => set("reset", reset)} />;
    case "change-availability":
      return <Availability value={values.availability} onChoose={(availability) => set("availability", availability)} />;
    case "trigger-message":
      return <Message value={values.message} onChoose={(message) => set("message", message)} />;
    case "change-configuration":
      return <Configuration entered={values} fault={fault} onEnter={set} onLeave={touch} />;
  }
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
