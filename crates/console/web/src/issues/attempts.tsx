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
  readonly step: string;
  readonly issuedAt: string;
  /** The command; null if it was refused. */
  readonly commandId?: string | null;
  /** The state of the command; null if it was refused. */
  readonly state?: string | null;
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
          {attempts.map((attempt) => (
            <li key={`${attempt.step}${attempt.issuedAt}`} data-attempt={attempt.step}>
              <time class="num soft small" dateTime={attempt.issuedAt}>{moment(attempt.issuedAt)}</time>
              <div>
                <strong>{named("recoveryStep", attempt.step)}</strong> <StateTag state={attempt.state ?? "refused"} />
                {typeof attempt.commandId === "string" ? <CommandSteps id={attempt.commandId} /> : null}
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
