// The steps of the recovery ladder that were tried for an issue, each with the steps of its command.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { dispatcher } from "../api/client.ts";
import type { WholeIssue } from "../api/types.ts";
import { may, settings } from "../app/session.ts";
import { Shown } from "../design/states.tsx";
import { moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { Life, StateTag } from "../pile/command-log.tsx";

/** Interval of reloading the steps of a command, in ms. */
const EVERY_MS = 3_000;

/** A step that was tried. */
interface Attempt {
  /** The number among the attempts, from 1. */
  readonly number: number;
  readonly step: string;
  /** When it was last decided. */
  readonly at: string;
  /** The command and its state; null if it was refused, and until it is recorded. */
  readonly commandId: string | null;
  readonly state: string | null;
  /** The code of the problem with which it was refused; null if it was not. */
  readonly refusal: string | null;
}

/** Nothing for an issue without attempts. */
export function Attempts({ issue }: { readonly issue: WholeIssue & { readonly attempts?: readonly Attempt[] } }): JSX.Element | null {
  const { attempts = [] } = issue;
  if (attempts.length === 0) return null;
  return (
    <section class="card" aria-labelledby="issue-attempts">
      <div class="card-head"><h2 id="issue-attempts">{t("issue.attempts")}</h2></div>
      <div class="card-body">
        <ol class="events">
          {attempts.map(({ number, step, at, commandId, state, refusal }) => (
            <li key={number} data-attempt={step}>
              <time class="num soft small" dateTime={at}>{moment(at)}</time>
              <div>
                <strong>{named("recoveryStep", step)}</strong> {state === null ? <span class="tag plain">{t(refusal === null ? "issue.attemptPending" : "issue.attemptRefused")}</span> : <StateTag state={state} />}
                {refusal === null ? null : <p class="small">{named("problem", refusal)}</p>}
                {commandId === null ? null : <CommandSteps id={commandId} />}
              </div>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

/** The steps of a command, which are read when they are unfolded. */
function CommandSteps({ id }: { readonly id: string }): JSX.Element | null {
  const [open, setOpen] = useState(false);
  const readable = may("commands:read") && settings.value?.dispatcher !== null;
  const command = useResource(open ? id : null, (signal) => dispatcher.get("/api/v1/commands/{commandId}", { path: { commandId: id }, signal }));
  useEvery(open ? EVERY_MS : null, command.reload);
  if (!readable) return <p class="mono small soft">{id}</p>;
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("commands.steps")}</summary>
      {open ? <Shown of={command} rows={2}>{(shown) => <Life command={shown} />}</Shown> : null}
    </details>
  );
}
