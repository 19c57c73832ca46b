// The commands to all piles, the newest first, each with its caller and its steps; the filters are in
// the address.

import type { JSX } from "preact";
import { dispatcher } from "../api/client.ts";
import type { Command } from "../api/types.ts";
import { query, remember, to } from "../app/router.ts";
import { may, settings } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { asLocal, ofLocal } from "../audit/filter.ts";
import { Field, Select } from "../design/field.tsx";
import { Empty, Failed, Forbidden, Loading } from "../design/states.tsx";
import { moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { CancelCommand } from "../pile/cancel-command.tsx";
import { Life, StateTag } from "../pile/command-log.tsx";
import { ACTIONS, type Filter, NAMES, STATES, asQuery, read } from "./filter.ts";

const PAGE = 50;

export function CommandsPage(): JSX.Element {
  const connected = settings.value?.dispatcher !== null;
  if (!may("commands:read") || !connected) {
    return (
      <section class="card">
        <Title text={t("commands.title")} />
        {connected ? <Forbidden whole scope="commands:read" /> : <Empty whole title={t("command.noDispatcher")} />}
      </section>
    );
  }
  const filter = read(query.value);
  return (
    <>
      <Title text={t("commands.title")} />
      <div class="page-head"><div><h1>{t("commands.title")}</h1><p class="soft">{t("commands.lead")}</p></div></div>
      <section class="card" aria-label={t("commands.title")}>
        <div class="card-body stack">
          <Filters filter={filter} />
          <List filter={filter} />
        </div>
      </section>
    </>
  );
}

function Filters({ filter }: { readonly filter: Filter }): JSX.Element {
  const filtered = NAMES.some((name) => filter[name] !== "");
  const time = (name: "from" | "until") => (
    <Field label={t(`audit.${name}`)}>
      {(id) => <input id={id} type="datetime-local" class="input" value={asLocal(filter[name])} onChange={(event) => remember({ [name]: ofLocal(event.currentTarget.value) })} />}
    </Field>
  );
  const text = (name: "by" | "station" | "pile", label: string) => (
    <Field label={label} grow>
      {(id) => <input id={id} class="input mono" value={filter[name]} autocomplete="off" onChange={(event) => remember({ [name]: event.currentTarget.value.trim() })} />}
    </Field>
  );
  return (
    <div class="filters">
      {time("from")}
      {time("until")}
      <Select
        label={t("commands.command")} value={filter.command} onChange={(command) => remember({ command })}
        choices={[{ value: "", text: t("commands.anyCommand") }, ...ACTIONS.map((name) => ({ value: name, text: named("commandName", name) }))]}
      />
      <Select
        label={t("batch.state")} value={filter.state} onChange={(state) => remember({ state })}
        choices={[{ value: "", text: t("batch.anyState") }, ...STATES.map((name) => ({ value: name, text: named("commandState", name) }))]}
      />
      {text("by", t("audit.by"))}
      {text("station", t("sessions.station"))}
      {text("pile", t("sessions.pile"))}
      <button type="button" class="button" disabled={!filtered} onClick={() => remember(Object.fromEntries(NAMES.map((name) => [name, undefined])))}>{t("audit.clear")}</button>
    </div>
  );
}

function List({ filter }: { readonly filter: Filter }): JSX.Element {
  const asked = asQuery(filter);
  const list = useMore<Command>(
    JSON.stringify(asked), (cursor, signal) => dispatcher.get("/api/v1/commands", { query: { ...asked, cursor, limit: PAGE }, signal }), (command) => command.commandId,
  );
  if (list.items === undefined) return list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />;
  return (
    <>
      {list.items.length > 0 ? (
        <div class="scroll-x" tabIndex={0} role="group" aria-label={t("commands.title")}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t("audit.at")}</th><th scope="col">{t("col.device")}</th><th scope="col">{t("commands.command")}</th>
                <th scope="col">{t("batch.state")}</th><th scope="col">{t("audit.by")}</th><th scope="col">{t("commands.steps")}</th>
              </tr>
            </thead>
            <tbody>{list.items.map((command) => <Row key={command.commandId} command={command} onCancelled={list.refresh} />)}</tbody>
          </table>
        </div>
      ) : <Empty title={t(list.more ? "commands.noneYet" : "commands.empty")} />}
      <div class="buttons">
        {list.more ? <button type="button" class="button slim" onClick={list.next}>{t("commands.older")}</button> : null}
        <button type="button" class="button slim" onClick={list.refresh}>{t("audit.refresh")}</button>
      </div>
    </>
  );
}

function Row({ command, onCancelled }: { readonly command: Command; readonly onCancelled: () => void }): JSX.Element {
  return (
    <tr data-command={command.commandId} data-state={command.status}>
      <td class="nowrap">{moment(command.issuedAt)}</td>
      <th scope="row" class="mono nowrap">
        <a href={to.pile(command.pileId)}>{command.chargePointId}</a>
        {command.connectorId === null || command.connectorId === 0 ? null : <span class="soft"> · {command.connectorId}</span>}
      </th>
      <td>{named("commandName", command.commandName)}</td>
      <td><StateTag state={command.status} /></td>
      <td class="mono">{command.issuedBy ?? <span class="soft">{t("commands.platform")}</span>}</td>
      <td class="wide">
        <details>
          <summary>{t("commands.steps")}</summary>
          <Life command={command} />
          {command.sessionId === null ? null : <p class="small"><a href={to.session(command.sessionId)}>{t("command.session")}</a></p>}
          <CancelCommand command={command} onCancelled={onCancelled} />
        </details>
      </td>
    </tr>
  );
}
