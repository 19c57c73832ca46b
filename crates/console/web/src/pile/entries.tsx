// The parameters of a command, as fields of its dialog.

import type { JSX } from "preact";
import type { Pile } from "../api/types.ts";
import { Segments, Select } from "../design/field.tsx";
import { Control, Group, TextInput } from "../forms/inputs.tsx";
import type { Form } from "../forms/use-form.ts";
import { named, t } from "../i18n/language.ts";
import { type Entered, KEYS, LIMITS, MESSAGES, type OrderName } from "./orders.ts";

interface Asked {
  readonly order: OrderName;
  readonly pile: Pile;
  readonly form: Form<Entered>;
}

export function Entries(asked: Asked): JSX.Element {
  const { order, form } = asked;
  const { values, set } = form;
  switch (order) {
    case "start-transaction":
      return (
        <>
          <Line form={form} field="idTag" label={t("command.idTag")} mono />
          <Connector {...asked} />
          <ChargeLimits form={form} />
        </>
      );
    case "stop-transaction":
    case "unlock-connector":
      return <Connector {...asked} />;
    case "reset":
      return <ResetKind value={values.reset} onChoose={(reset) => set("reset", reset)} />;
    case "change-availability":
      return (
        <>
          <Connector {...asked} />
          <Availability value={values.availability} onChoose={(availability) => set("availability", availability)} />
        </>
      );
    case "trigger-message":
      return (
        <>
          <Message value={values.message} onChoose={(message) => set("message", message)} />
          <Connector {...asked} />
        </>
      );
    case "change-configuration":
      return <Configuration entered={values} fault={form.fault} onEnter={set} onLeave={form.touch} />;
  }
}

/** A line of text, with its fault. */
function Line({ form, field, ...shown }: {
  readonly form: Form<Entered>;
  readonly field: keyof typeof LIMITS;
  readonly label: string;
  readonly hint?: string;
  readonly mono?: boolean;
}): JSX.Element {
  return (
    <TextInput
      {...shown} limit={LIMITS[field]} value={form.values[field]} fault={form.fault(field)}
      onEnter={(text) => form.set(field, text)} onLeave={() => form.touch(field)}
    />
  );
}

/** When the platform stops the charge. */
function ChargeLimits({ form }: { readonly form: Form<Entered> }): JSX.Element {
  return (
    <Group title={t("command.limits")} hint={t("command.limitsHint")}>
      <Line form={form} field="maxEnergyWh" label={t("command.maxEnergy")} />
      <Line form={form} field="maxDurationS" label={t("command.maxDuration")} />
      <Line form={form} field="maxAmount" label={t("command.maxAmount")} hint={t("command.maxAmountHint")} />
    </Group>
  );
}

/** The choice between a soft and a hard reset. */
export function ResetKind({ value, onChoose }: { readonly value: Entered["reset"]; readonly onChoose: (kind: Entered["reset"]) => void }): JSX.Element {
  return (
    <Select
      label={t("command.resetType")} value={value} choices={[{ value: "Soft", text: t("command.Soft") }, { value: "Hard", text: t("command.Hard") }]}
      onChange={(kind) => onChoose(kind === "Hard" ? "Hard" : "Soft")}
    />
  );
}

/** The choice between into and out of service. */
export function Availability({ value, onChoose }: { readonly value: Entered["availability"]; readonly onChoose: (availability: Entered["availability"]) => void }): JSX.Element {
  return (
    <div class="field">
      <span class="label">{t("command.availability")}</span>
      <div>
        <Segments
          label={t("command.availability")} value={value}
          choices={[{ value: "Inoperative", text: t("command.Inoperative") }, { value: "Operative", text: t("command.Operative") }]}
          onChange={(chosen) => onChoose(chosen === "Operative" ? "Operative" : "Inoperative")}
        />
      </div>
    </div>
  );
}

/** The choice of the message that a device must send. */
export function Message({ value, onChoose }: { readonly value: Entered["message"]; readonly onChoose: (message: Entered["message"]) => void }): JSX.Element {
  return (
    <Select
      label={t("command.message")} value={value} choices={MESSAGES.map((name) => ({ value: name, text: named("message", name) }))}
      onChange={(chosen) => onChoose(MESSAGES.find((name) => name === chosen) ?? "StatusNotification")}
    />
  );
}

/** What a command without a connector is for; null if it needs one. */
function withoutConnector(order: OrderName): string | null {
  switch (order) {
    case "unlock-connector":
      return null;
    case "change-availability":
      return t("command.wholeDevice");
    case "trigger-message":
      return t("command.allConnectors");
    default:
      return t("command.anyConnector");
  }
}

function Connector({ order, pile, form }: Asked): JSX.Element {
  const none = withoutConnector(order);
  const connectors = pile.connectors.map((connector) => ({
    value: String(connector.connectorId), text: `${t("pile.connector", { n: connector.connectorId })} · ${named("status", connector.status)}`,
  }));
  return (
    <Select
      label={t("command.connector")} value={form.values.connectorId} choices={none === null ? connectors : [{ value: "", text: none }, ...connectors]}
      onChange={(value) => form.set("connectorId", value)}
    />
  );
}

/** A configuration key and its new value. */
export function Configuration({ entered, fault, onEnter, onLeave }: {
  readonly entered: Pick<Entered, "key" | "value">;
  readonly fault: (field: "key" | "value") => string | undefined;
  readonly onEnter: (field: "key" | "value", text: string) => void;
  readonly onLeave: (field: "key" | "value") => void;
}): JSX.Element {
  return (
    <>
      <Control label={t("command.key")} limit={LIMITS.key} fault={fault("key")}>
        {(attributes) => (
          <>
            <input
              {...attributes} class="input mono" value={entered.key} autocomplete="off" spellcheck={false} list={`${attributes.id}-keys`}
              onInput={(event) => onEnter("key", event.currentTarget.value)} onBlur={() => onLeave("key")}
            />
            <datalist id={`${attributes.id}-keys`}>{KEYS.map((key) => <option key={key} value={key} />)}</datalist>
          </>
        )}
      </Control>
      <TextInput
        label={t("command.value")} limit={LIMITS.value} value={entered.value} fault={fault("value")} mono
        onEnter={(text) => onEnter("value", text)} onLeave={() => onLeave("value")}
      />
      <p class="soft small">{t("command.noSecrets")}</p>
    </>
  );
}
