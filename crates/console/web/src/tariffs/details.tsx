// The dialogs that create a tariff and edit its details.

import type { JSX } from "preact";
import { limits } from "../../generated/limits.ts";
import { assets, ifMatch } from "../api/client.ts";
import type { Currency, Tariff } from "../api/types.ts";
import { go, to } from "../app/router.ts";
import { Dialog } from "../design/dialog.tsx";
import { ConflictNotice, type Newest, useConflict } from "../forms/conflict.tsx";
import { FormFrame } from "../forms/frame.tsx";
import { ChoiceInput, TextInput } from "../forms/inputs.tsx";
import { checkAll } from "../forms/limit.ts";
import { type Form, useForm } from "../forms/use-form.ts";
import { named, t } from "../i18n/language.ts";

const LIMITS = limits.TariffDetails;
const FIELDS = Object.keys(LIMITS);

/** The details as texts; an empty text is no value. */
type Details = Readonly<Record<"name" | "operatorId" | "currency" | "status" | "changeRule", string>>;

const NEW: Details = { name: "", operatorId: "", currency: "CNY", status: "Active", changeRule: "FrozenAtStart" };

const check = (details: Details) => checkAll(LIMITS, details);

function detailsOf(tariff: Tariff): Details {
  return { name: tariff.name, operatorId: tariff.operatorId ?? "", currency: tariff.currency, status: tariff.status ?? "Draft", changeRule: tariff.changeRule ?? "FrozenAtStart" };
}

function bodyOf({ name, operatorId, currency, status, changeRule }: Details) {
  return {
    name: name.trim(), operatorId: operatorId.trim() || null, currency: currency as Currency,
    status: status as "Draft" | "Active", changeRule: changeRule as "FrozenAtStart" | "ByConsumption",
  };
}

export function NewTariff({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const form = useForm({ name: "tariff.new", base: NEW, version: 0, check });
  const create = async (signal: AbortSignal) => {
    const made = await assets.post("/api/v1/tariffs", { body: bodyOf(form.values), headers: { "idempotency-key": form.key }, signal });
    go(to.tariff(made.id));
  };
  return (
    <Dialog title={t("list.new")} onClose={onClose}>
      <FormFrame form={form} label={t("list.new")} save={t("tariff.create")} cancel={onClose} fields={FIELDS} act={create}>
        <Fields form={form} />
      </FormFrame>
    </Dialog>
  );
}

async function load(tariffId: string, signal: AbortSignal): Promise<Newest<Details>> {
  const path = { tariffId };
  const [tariff, edits] = await Promise.all([
    assets.get("/api/v1/tariffs/{tariffId}", { path, signal }), assets.get("/api/v1/tariffs/{tariffId}/audit", { path, signal }),
  ]);
  return { values: detailsOf(tariff), version: tariff.version, edits: edits.items };
}

export function EditTariff({ tariff, onSaved, onClose }: { readonly tariff: Tariff; readonly onSaved: () => void; readonly onClose: () => void }): JSX.Element {
  const current = { values: detailsOf(tariff), version: tariff.version, edits: [] };
  const form = useForm({ name: `tariff.${tariff.id}`, base: current.values, version: tariff.version, check });
  const conflict = useConflict(form, current, (signal) => load(tariff.id, signal));
  const save = async (signal: AbortSignal) => {
    const send = async () => void (await assets.patch("/api/v1/tariffs/{tariffId}", { path: { tariffId: tariff.id }, body: bodyOf(form.values), headers: ifMatch(form.version), signal }));
    await conflict.guarded(send, signal);
    onSaved();
  };
  return (
    <Dialog title={t("tariff.editTitle")} onClose={onClose}>
      <FormFrame form={form} label={t("tariff.editTitle")} save={t("tariff.save")} cancel={onClose} blocked={conflict.newest !== null} fields={FIELDS} act={save}>
        {conflict.newest === null ? null : <ConflictNotice form={form} newest={conflict.newest} labelOf={(field) => t(LABELS[field])} textOf={textOf} />}
        <Fields form={form} />
      </FormFrame>
    </Dialog>
  );
}

const LABELS = { name: "tariff.name", operatorId: "tariff.operator", currency: "tariff.currency", status: "tariff.status", changeRule: "tariff.changeRule" } as const;
/** The group of texts for the values of a field. */
const GROUPS: Partial<Record<keyof Details, string>> = { status: "tariffStatus", changeRule: "changeRule" };

function textOf(field: keyof Details, details: Details): string {
  const group = GROUPS[field];
  return group === undefined ? details[field] : named(group, details[field]);
}

function Fields({ form }: { readonly form: Form<Details> }): JSX.Element {
  const common = (field: keyof Details) => ({ label: t(LABELS[field]), value: form.values[field], fault: form.fault(field), onLeave: () => form.touch(field) });
  const text = (field: "name" | "operatorId") => <TextInput {...common(field)} limit={LIMITS[field]} onEnter={(entered) => form.set(field, entered)} />;
  const choice = (field: "currency" | "status" | "changeRule") => (
    <ChoiceInput {...common(field)} limit={{ ...LIMITS[field], required: true }} onChoose={(chosen) => form.set(field, chosen)} textOf={(value) => named(GROUPS[field] ?? field, value)} />
  );
  return <>{text("name")}{text("operatorId")}{choice("currency")}{choice("status")}{choice("changeRule")}</>;
}
