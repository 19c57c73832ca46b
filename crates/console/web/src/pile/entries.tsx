// The parameters of a command, as fields of its dialog.

import type { JSX } from "preact";
import type { Pile } from "../api/types.ts";
import { Field, Segments, Select } from "../design/field.tsx";
import { named, t } from "../i18n/language.ts";
import { type Entered, KEYS, MESSAGES, type OrderName } from "./orders.ts";

interface Form {
  readonly order: OrderName;
  readonly pile: Pile;
  readonly entered: Entered;
  readonly onEnter: (entered: Entered) => void;
}

export function Entries(form: Form): JSX.Element {
  const { order, entered, onEnter } = form;
  switch (order) {
    case "start-transaction":
      return (
        <>
          <Field label={t("command.idTag")}>
            {(id) => <input id={id} class="input mono" value={entered.idTag} maxLength={20} autocomplete="off" onInput={(event) => onEnter({ ...entered, idTag: event.currentTarget.value })} required />}
          </Field>
          <Connector {...form} />
        </>
      );
    case "stop-transaction":
    case "unlock-connector":
      return <Connector {...form} />;
    case "reset":
      return <ResetKind value={entered.reset} onChoose={(reset) => onEnter({ ...entered, reset })} />;
    case "change-availability":
      return (
        <>
          <Connector {...form} />
          <Availability value={entered.availability} onChoose={(availability) => onEnter({ ...entered, availability })} />
        </>
      );
    case "trigger-message":
      return (
        <>
          <Select
            label={t("command.message")} value={entered.message} choices={MESSAGES.map((name) => ({ value: name, text: named("message", name) }))}
            onChange={(value) => onEnter({ ...entered, message: MESSAGES.find((name) => name === value) ?? "StatusNotification" })}
          />
          <Connector {...form} />
        </>
      );
    case "change-configuration":
      return <Configuration entered={entered} onEnter={onEnter} />;
  }
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

function Connector({ order, pile, entered, onEnter }: Form): JSX.Element {
  const none = withoutConnector(order);
  const connectors = pile.connectors.map((connector) => ({
    value: String(connector.connectorId), text: `${t("pile.connector", { n: connector.connectorId })} · ${named("status", connector.status)}`,
  }));
  return (
    <Select
      label={t("command.connector")} value={entered.connectorId === null ? "" : String(entered.connectorId)}
      choices={none === null ? connectors : [{ value: "", text: none }, ...connectors]}
      onChange={(value) => onEnter({ ...entered, connectorId: value === "" ? null : Number(value) })}
    />
  );
}

function Configuration({ entered, onEnter }: Pick<Form, "entered" | "onEnter">): JSX.Element {
  return (
    <>
      <Field label={t("command.key")}>
        {(id) => (
          <>
            <input
              id={id} class="input mono" value={entered.key} maxLength={50} required autocomplete="off" spellcheck={false} list={`${id}-keys`}
              onInput={(event) => onEnter({ ...entered, key: event.currentTarget.value })}
            />
            <datalist id={`${id}-keys`}>{KEYS.map((key) => <option key={key} value={key} />)}</datalist>
          </>
        )}
      </Field>
      <Field label={t("command.value")}>
        {(id) => <input id={id} class="input mono" value={entered.value} maxLength={500} autocomplete="off" spellcheck={false} onInput={(event) => onEnter({ ...entered, value: event.currentTarget.value })} />}
      </Field>
      <p class="soft small">{t("command.noSecrets")}</p>
    </>
  );
}
