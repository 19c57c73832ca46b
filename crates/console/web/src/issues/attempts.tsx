// What the recovery ladder does about an issue, and the steps that it tried, each with the steps of its
// command.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { dispatcher } from "../api/client.ts";
import type { IssueRecovery, WholeIssue } from "../api/types.ts";
import { may, settings } from "../app/session.ts";
import { Shown } from "../design/states.tsx";
import { moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { Life, StateTag } from "../pile/command-log.tsx";

/** Interval of reloading the steps of a command, in ms. */
const EVERY_MS = 3_000;

/** Nothing for an issue that the ladder is not for, and at which it tried nothing. */
export function Attempts({ issue: { attempts, recovery } }: { readonly issue: WholeIssue }): JSX.Element | null {
  if (attempts.length === 0 && recovery === null) return null;
  return (
    <section class="card" aria-labelledby="issue-attempts">
      <div class="card-head"><h2 id="issue-attempts">{t("issue.attempts")}</h2></div>
      <div class="card-body stack">
        {recovery === null ? null : <Outlook of={recovery} />}
        {attempts.length === 0 ? null : <ol class="events">
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
        </ol>}
      </div>
    </section>
  );
}

/** What the ladder does next, or why it waits. */
function Outlook({ of: { state, step, until } }: { readonly of: IssueRecovery }): JSX.Element {
  return (
    <div data-recovery={state}>
      <p>{named("recovery", state)}</p>
      {step === null ? null : <p class="soft small">{t("issue.nextStep", { step: named("recoveryStep", step) })}{until === null ? "" : ` · ${t("issue.stepUntil", { time: moment(until) })}`}</p>}
    </div>
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
