// The dialogs that create a tariff and edit its details.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assets, ifMatch } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { Currency, Tariff } from "../api/types.ts";
import { go, to } from "../app/router.ts";
import { Dialog } from "../design/dialog.tsx";
import { Field, Select } from "../design/field.tsx";
import { named, t } from "../i18n/language.ts";
import { Foot, Refusal, useSending } from "./forms.tsx";

/** Currencies that are offered first; any other can be entered as its ISO 4217 code. */
const USUAL = ["CNY", "HKD", "MOP", "TWD", "SGD", "EUR", "USD", "GBP", "JPY", "KRW"];
const RULES = ["FrozenAtStart", "ByConsumption"] as const;
const STATUSES = ["Draft", "Active"] as const;

interface Details {
  readonly name: string;
  readonly operatorId: string;
  readonly currency: string;
  readonly status: string;
  readonly changeRule: string;
}

const NAMES = ["name", "operatorId", "currency", "status", "changeRule"] as const satisfies readonly (keyof Details)[];

function detailsOf(tariff: Tariff): Details {
  return { name: tariff.name, operatorId: tariff.operatorId ?? "", currency: tariff.currency, status: tariff.status ?? "Draft", changeRule: tariff.changeRule ?? "FrozenAtStart" };
}

function bodyOf({ name, operatorId, currency, status, changeRule }: Details) {
  return {
    name: name.trim(), operatorId: operatorId.trim() || null, currency: currency.trim().toUpperCase() as Currency,
    status: status as "Draft" | "Active", changeRule: changeRule as (typeof RULES)[number],
  };
}

export function NewTariff({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const [details, setDetails] = useState<Details>({ name: "", operatorId: "", currency: "CNY", status: "Active", changeRule: "FrozenAtStart" });
  const sending = useSending();
  const create = (event: Event) => {
    event.preventDefault();
    sending.send(async (key) => {
      const made = await assets.post("/api/v1/tariffs", { body: bodyOf(details), headers: { "idempotency-key": key } });
      go(to.tariff(made.id));
    });
  };
  return (
    <Dialog title={t("list.new")} onClose={onClose}>
      <form class="dialog-form" onSubmit={create}>
        <Fields details={details} fault={sending.fault} onChange={setDetails} />
        <Refusal problem={sending.problem} />
        <Foot text={t("tariff.create")} disabled={sending.busy || details.name.trim() === ""} onClose={onClose} />
      </form>
    </Dialog>
  );
}

/** Edits the details. If another edit came first, shows what it changed and keeps what was entered. */
export function EditTariff({ tariff, onSaved, onClose }: { readonly tariff: Tariff; readonly onSaved: () => void; readonly onClose: () => void }): JSX.Element {
  const [base, setBase] = useState(tariff);
  const [details, setDetails] = useState(() => detailsOf(tariff));
  const [theirs, setTheirs] = useState<readonly string[]>([]);
  const sending = useSending();
  const path = { tariffId: tariff.id };
  const save = (event: Event) => {
    event.preventDefault();
    sending.send(async () => {
      try {
        await assets.patch("/api/v1/tariffs/{tariffId}", { path, body: bodyOf(details), headers: ifMatch(base.version) });
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== "VERSION_MISMATCH") throw error;
        const now = await assets.get("/api/v1/tariffs/{tariffId}", { path });
        const [before, after] = [detailsOf(base), detailsOf(now)];
        const changed = NAMES.filter((name) => before[name] !== after[name]);
        // What the user did not touch takes the value of the other edit.
        setDetails((mine) => Object.fromEntries(NAMES.map((name) => [name, mine[name] === before[name] ? after[name] : mine[name]])) as unknown as Details);
        setTheirs(changed.map((name) => `${t(LABELS[name])}: ${after[name]}`));
        setBase(now);
        return;
      }
      onSaved();
    });
  };
  return (
    <Dialog title={t("tariff.editTitle")} onClose={onClose}>
      <form class="dialog-form" onSubmit={save}>
        <Fields details={details} fault={sending.fault} onChange={setDetails} />
        {theirs.length === 0 ? null : <div class="notice warn" role="alert" data-conflict>{t("tariff.conflict", { fields: theirs.join("; ") })}</div>}
        <Refusal problem={sending.problem} />
        <Foot text={t("tariff.save")} disabled={sending.busy || details.name.trim() === ""} onClose={onClose} />
      </form>
    </Dialog>
  );
}

const LABELS = { name: "tariff.name", operatorId: "tariff.operator", currency: "tariff.currency", status: "tariff.status", changeRule: "tariff.changeRule" } as const;

function Fields({ details, fault, onChange }: { readonly details: Details; readonly fault: (field: string) => string | undefined; readonly onChange: (details: Details) => void }): JSX.Element {
  const text = (name: "name" | "operatorId" | "currency", most: number, required: boolean) => (
    <Field label={required ? t(LABELS[name]) : t("prices.optional", { label: t(LABELS[name]) })} fault={fault(name)}>
      {(id) => (
        <input
          id={id} class="input" value={details[name]} maxLength={most} required={required} autocomplete="off" list={name === "currency" ? "currencies" : undefined}
          aria-invalid={fault(name) !== undefined} onInput={(event) => onChange({ ...details, [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <>
      {text("name", 200, true)}
      {text("operatorId", 200, false)}
      {text("currency", 3, true)}
      <datalist id="currencies">{USUAL.map((code) => <option key={code} value={code} />)}</datalist>
      <Select label={t("tariff.status")} value={details.status} onChange={(status) => onChange({ ...details, status })} choices={STATUSES.map((value) => ({ value, text: named("tariffStatus", value) }))} />
      <Select label={t("tariff.changeRule")} value={details.changeRule} onChange={(changeRule) => onChange({ ...details, changeRule })} choices={RULES.map((value) => ({ value, text: named("changeRule", value) }))} />
    </>
  );
}
