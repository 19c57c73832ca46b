// The commands to all piles, the newest first, each with its caller and its steps, or the one with an
// id; the filters are in the address.

import type { JSX } from "preact";
import { dispatcher } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { Command, Page } from "../api/types.ts";
import { query, remember, to } from "../app/router.ts";
import { may, settings } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { asLocal, ofLocal } from "../audit/filter.ts";
import { Field, Select } from "../design/field.tsx";
import { Empty, Failed, Forbidden, Loading } from "../design/states.tsx";
import { PlaceFilter } from "../forms/place-filter.tsx";
import { moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { CancelCommand } from "../pile/cancel-command.tsx";
import { Life, StateTag } from "../pile/command-log.tsx";
import { ACTIONS, type Filter, NAMES, STATES, asQuery, changed, read } from "./filter.ts";

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
  const change = (name: keyof Filter, value: string | undefined) => remember(changed(name, value));
  const time = (name: "from" | "until") => (
    <Field label={t(`audit.${name}`)}>
      {(id) => <input id={id} type="datetime-local" class="input" value={asLocal(filter[name])} onChange={(event) => change(name, ofLocal(event.currentTarget.value))} />}
    </Field>
  );
  const place = (name: "station" | "pile") => <PlaceFilter kind={name} label={t(`sessions.${name}`)} value={filter[name]} onChange={(id) => change(name, id)} />;
  const text = (name: "by" | "id", label: string) => (
    <Field label={label} grow>
      {(id) => <input id={id} class="input mono" value={filter[name]} autocomplete="off" onChange={(event) => change(name, event.currentTarget.value.trim())} />}
    </Field>
  );
  return (
    <div class="filters">
      {time("from")}
      {time("until")}
      <Select
        label={t("commands.command")} value={filter.command} onChange={(command) => change("command", command)}
        choices={[{ value: "", text: t("commands.anyCommand") }, ...ACTIONS.map((name) => ({ value: name, text: named("commandName", name) }))]}
      />
      <Select
        label={t("batch.state")} value={filter.state} onChange={(state) => change("state", state)}
        choices={[{ value: "", text: t("batch.anyState") }, ...STATES.map((name) => ({ value: name, text: named("commandState", name) }))]}
      />
      {text("by", t("audit.by"))}
      {place("station")}
      {place("pile")}
      {text("id", t("commands.id"))}
      <button type="button" class="button" disabled={!filtered} onClick={() => remember(Object.fromEntries(NAMES.map((name) => [name, undefined])))}>{t("audit.clear")}</button>
    </div>
  );
}

/** The command with an id as a page; an empty one if the user can see none. */
async function one(commandId: string, signal: AbortSignal): Promise<Page<Command>> {
  try {
    return { items: [await dispatcher.get("/api/v1/commands/{commandId}", { path: { commandId }, signal })] };
  } catch (error) {
    if (error instanceof Problem && error.code === "COMMAND_NOT_FOUND") return { items: [] };
    throw error;
  }
}

function List({ filter }: { readonly filter: Filter }): JSX.Element {
  const { id } = filter;
  const asked = asQuery(filter);
  const page = (cursor: string | undefined, signal: AbortSignal) => dispatcher.get("/api/v1/commands", { query: { ...asked, cursor, limit: PAGE }, signal });
  const list = useMore<Command>(
    id === "" ? JSON.stringify(asked) : id, (cursor, signal) => (id === "" ? page(cursor, signal) : one(id, signal)), (command) => command.commandId,
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
            <tbody>{list.items.map((command) => <Row key={command.commandId} command={command} open={id !== ""} onCancelled={list.refresh} />)}</tbody>
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

function Row({ command, open, onCancelled }: { readonly command: Command; readonly open: boolean; readonly onCancelled: () => void }): JSX.Element {
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
        <details open={open}>
          <summary>{t("commands.steps")}</summary>
          <Life command={command} />
          {command.sessionId === null ? null : <p class="small"><a href={to.session(command.sessionId)}>{t("command.session")}</a></p>}
          <CancelCommand command={command} onCancelled={onCancelled} />
        </details>
      </td>
    </tr>
  );
}
