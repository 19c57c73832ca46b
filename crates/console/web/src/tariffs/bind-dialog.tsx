// The dialog that binds a tariff. What overlaps in time is explained before it is sent.

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { Binding, Subject, Tariff } from "../api/types.ts";
import { asLocal, ofLocal } from "../audit/filter.ts";
import { Dialog } from "../design/dialog.tsx";
import { Field, Select } from "../design/field.tsx";
import { Refused } from "../forms/frame.tsx";
import { moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import { Choice, pilesLike, stationsLike } from "./choice.tsx";
import { type Period, asQuery, clashesWith, waysOut } from "./clashes.ts";
import { useSending } from "./sending.ts";

const LEVELS = ["platform", "operator", "station", "pile", "connector"] as const;
/** The bindings of the subject that are searched for overlaps, the newest first. */
const SEARCHED = 100;

interface Entered {
  readonly level: string;
  readonly operatorId: string;
  readonly stationId: string;
  readonly pileId: string;
  readonly connectorId: string;
  /** RFC 3339; empty: at once. */
  readonly from: string;
  /** RFC 3339; empty: open. */
  readonly until: string;
}

/** The subject; null while it is incomplete. */
function subjectOf({ level, operatorId, stationId, pileId, connectorId }: Entered): Subject | null {
  const connector = Number(connectorId);
  switch (level) {
    case "platform":
      return { level };
    case "operator":
      return operatorId.trim() === "" ? null : { level, operatorId: operatorId.trim() };
    case "station":
      return stationId === "" ? null : { level, stationId };
    case "pile":
      return pileId === "" ? null : { level, pileId };
    case "connector":
      return pileId === "" || !Number.isInteger(connector) || connector < 1 ? null : { level, pileId, connectorId: connector };
    default:
      return null;
  }
}

export function BindDialog({ tariff, onBound, onClose }: { readonly tariff: Tariff; readonly onBound: () => void; readonly onClose: () => void }): JSX.Element {
  const [entered, setEntered] = useState<Entered>({ level: "station", operatorId: tariff.operatorId ?? "", stationId: "", pileId: "", connectorId: "1", from: "", until: "" });
  const sending = useSending();
  const subject = subjectOf(entered);
  const opened = useMemo(() => new Date().toISOString(), []);
  const period: Period = { from: entered.from === "" ? opened : entered.from, until: entered.until === "" ? null : entered.until };
  const others = useResource(subject === null ? null : JSON.stringify(subject), async (signal) => (await assets.get("/api/v1/tariffs/bindings", { query: { ...asQuery(subject as Subject), limit: SEARCHED }, signal })).items);
  const clashes = clashesWith(others.value ?? [], period);
  const put = (part: Partial<Entered>) => {
    setEntered({ ...entered, ...part });
    sending.clear();
  };
  const bind = (ended: Binding | null) => sending.send(async (key) => {
    if (subject === null) return;
    if (ended !== null) {
      await assets.post("/api/v1/tariffs/bindings/{bindingId}/end", { path: { bindingId: ended.id }, body: entered.from === "" ? {} : { effectiveUntil: entered.from } });
      others.reload();
    }
    const body = { subject, tariffId: tariff.id, ...(entered.from === "" ? {} : { effectiveFrom: entered.from }), ...(entered.until === "" ? {} : { effectiveUntil: entered.until }) };
    try {
      await assets.post("/api/v1/tariffs/bindings", { body, headers: { "idempotency-key": key } });
    } catch (error) {
      // Another binding may have been created since the overlaps were searched.
      others.reload();
      throw error;
    }
    onBound();
  });
  return (
    <Dialog title={t("binding.title")} onClose={onClose}>
      <form
        class="dialog-form" onSubmit={(event) => {
          event.preventDefault();
          bind(null);
        }}
      >
        <Select label={t("binding.level")} value={entered.level} choices={LEVELS.map((value) => ({ value, text: named("price.level", value) }))} onChange={(level) => put({ level })} />
        <SubjectFields entered={entered} onChange={put} />
        {(["from", "until"] as const).map((name) => {
          const fault = sending.fault(name === "from" ? "effectiveFrom" : "effectiveUntil");
          return (
            <Field key={name} label={name === "from" ? t("binding.fromNow") : t("binding.untilOpen")} fault={fault}>
              {(id) => <input id={id} type="datetime-local" class="input" value={asLocal(entered[name])} aria-invalid={fault !== undefined} onInput={(event) => put({ [name]: ofLocal(event.currentTarget.value) })} />}
            </Field>
          );
        })}
        {clashes.map((clash) => <Clash key={clash.id} clash={clash} period={period} disabled={sending.busy} onChange={put} onEndAndBind={() => bind(clash)} only={clashes.length === 1} />)}
        {sending.problem === null ? null : <Refused problem={sending.problem} fields={["effectiveFrom", "effectiveUntil"]} />}
        <div class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>{t("command.cancel")}</button>
          <button type="submit" class="button primary" disabled={sending.busy || subject === null || clashes.length > 0}>{t("binding.do")}</button>
        </div>
      </form>
    </Dialog>
  );
}

function SubjectFields({ entered, onChange }: { readonly entered: Entered; readonly onChange: (part: Partial<Entered>) => void }): JSX.Element | null {
  switch (entered.level) {
    case "operator":
      return <Field label={t("tariff.operator")}>{(id) => <input id={id} class="input" value={entered.operatorId} maxLength={200} required onInput={(event) => onChange({ operatorId: event.currentTarget.value })} />}</Field>;
    case "station":
      return <Choice key="station" kind="station" search={t("binding.searchStation")} label={named("price.level", "station")} find={stationsLike} value={entered.stationId} onChoose={(stationId) => onChange({ stationId })} />;
    case "pile":
    case "connector":
      return (
        <>
          <Choice key="pile" kind="pile" search={t("binding.searchPile")} label={named("price.level", "pile")} find={pilesLike} value={entered.pileId} onChoose={(pileId) => onChange({ pileId })} />
          {entered.level === "pile" ? null : <Field label={t("binding.connector")}>{(id) => <input id={id} class="input num" type="number" min={1} step={1} required value={entered.connectorId} onInput={(event) => onChange({ connectorId: event.currentTarget.value })} />}</Field>}
        </>
      );
    default:
      return null;
  }
}

/** A binding in the way, with what can be done about it. */
function Clash({ clash, period, only, disabled, onChange, onEndAndBind }: {
  readonly clash: Binding;
  readonly period: Period;
  /** Whether it is the only one in the way. */
  readonly only: boolean;
  readonly disabled: boolean;
  readonly onChange: (part: { readonly from?: string; readonly until?: string }) => void;
  readonly onEndAndBind: () => void;
}): JSX.Element {
  const tariff = useResource(clash.tariffId, (signal) => assets.get("/api/v1/tariffs/{tariffId}", { path: { tariffId: clash.tariffId }, signal }));
  const { after, before, endOther } = waysOut(clash, period);
  return (
    <div class="notice warn" role="alert" data-clash={clash.id}>
      <div class="stack">
        <p>
          <strong>{t("clash.title")}</strong>{" "}
          {t("clash.with", { tariff: tariff.value?.name ?? clash.tariffId, from: moment(clash.effectiveFrom), until: clash.effectiveUntil === null || clash.effectiveUntil === undefined ? t("binding.open") : moment(clash.effectiveUntil) })}
        </p>
        <div class="buttons">
          {after === null ? null : <button type="button" class="button slim" onClick={() => onChange({ from: after })}>{t("clash.after")}</button>}
          {before === null ? null : <button type="button" class="button slim" onClick={() => onChange({ until: before })}>{t("clash.before")}</button>}
          {endOther && only ? <button type="button" class="button slim" disabled={disabled} onClick={onEndAndBind}>{t("clash.endOther", { at: moment(period.from) })}</button> : null}
        </div>
      </div>
    </div>
  );
}
