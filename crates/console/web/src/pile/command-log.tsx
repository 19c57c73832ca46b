// The commands of a pile, the newest first, each with its steps.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { dispatcher } from "../api/client.ts";
import type { Command } from "../api/types.ts";
import { to } from "../app/router.ts";
import { may, settings } from "../app/session.ts";
import { Empty, Failed, Forbidden, Loading } from "../design/states.tsx";
import { brief, clock } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { CancelCommand } from "./cancel-command.tsx";

const PAGE = 10;

export function CommandLog({ pileId, news }: { readonly pileId: string; readonly news: number }): JSX.Element {
  const allowed = may("commands:read") && settings.value?.dispatcher !== null;
  const list = useMore<Command>(allowed ? pileId : null, (cursor, signal) => {
    return dispatcher.get("/api/v1/piles/{pileId}/commands", { path: { pileId }, query: { limit: PAGE, cursor }, signal });
  }, (command) => command.commandId);
  useEffect(() => {
    if (news > 0) list.refresh();
  }, [news]);
  return (
    <section class="card" aria-labelledby="commands">
      <div class="card-head"><h2 id="commands">{t("pile.commands")}</h2><a class="small" href={`${to.commands}?pile=${pileId}`}>{t("commands.all")}</a></div>
      <div class="card-body">
        {!may("commands:read") ? <Forbidden scope="commands:read" /> : !allowed ? <Empty title={t("command.noDispatcher")} />
          : list.items === undefined ? (list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />)
          : list.items.length === 0 ? <Empty title={t("pile.noCommands")} /> : (
            <ol class="log">{list.items.map((command) => <Entry key={command.commandId} command={command} onCancelled={list.refresh} />)}</ol>
          )}
        {list.more ? <button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button> : null}
      </div>
    </section>
  );
}

function Entry({ command, onCancelled }: { readonly command: Command; readonly onCancelled: () => void }): JSX.Element {
  return (
    <li data-command={command.commandId} data-state={command.status}>
      <details>
        <summary>
          <span class="log-line">
            <strong>{named("commandName", command.commandName)}</strong>
            {command.connectorId === null ? null : <span class="soft small">{command.connectorId === 0 ? t("pile.whole") : t("pile.connector", { n: command.connectorId })}</span>}
            <StateTag state={command.status} />
            <time class="soft small num" dateTime={command.issuedAt}>{brief(command.issuedAt)}</time>
          </span>
        </summary>
        <Life command={command} />
        <CancelCommand command={command} onCancelled={onCancelled} />
      </details>
    </li>
  );
}

/** The look of the states of commands, and of piles in a batch. */
export const TONES: Readonly<Record<string, string>> = { confirmed: "tag good", rejected: "tag bad", failed: "tag bad", expired: "tag warn", unknown: "tag warn", refused: "tag bad" };

export function StateTag({ state }: { readonly state: string }): JSX.Element {
  return <span class={TONES[state] ?? "tag"} data-command-state={state}>{named("commandState", state)}</span>;
}

/** The steps of a command, with advice if it failed. */
export function Life({ command }: { readonly command: Command }): JSX.Element {
  return (
    <div class="life">
      <ol class="events">
        {command.events.map((event, at) => (
          <li key={`${at}${event.event}`}>
            <time class="num soft small" dateTime={event.at}>{clock(event.at)}</time>
            <span>
              {named("commandEvent", event.event)}
              {event.detail === null || event.detail === undefined ? null : <span class="mono small"> {event.detail}</span>}
              {event.late ? <span class="tag plain"> {t("command.late")}</span> : null}
            </span>
          </li>
        ))}
      </ol>
      {command.failureCode === null ? null : (
        <p class="notice warn"><span><strong>{named("failure", command.failureCode)}</strong>{command.failure === null ? null : <span class="small soft"> {command.failure}</span>}</span></p>
      )}
      {command.degraded ? <p class="small soft">{t("command.degraded")}</p> : null}
      <p class="small soft mono">{command.commandId}</p>
    </div>
  );
}
