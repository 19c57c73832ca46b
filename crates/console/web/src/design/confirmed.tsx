// A button whose action is carried out after a confirmation, with the refusal if there is one.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Problem } from "../api/problem.ts";
import type { Scope } from "../app/session.ts";
import { t } from "../i18n/language.ts";
import { meaning } from "./states.tsx";

export function Confirmed({ text, ask, scope, ready = true, act, onDone }: {
  readonly text: string;
  /** What the action does, as a question. */
  readonly ask: string;
  /** The scope that the user lacks; null if the action is allowed. */
  readonly scope: Scope | null;
  /** Whether everything that the action needs was entered. */
  readonly ready?: boolean;
  readonly act: () => Promise<unknown>;
  /** Called after the action, also if it was refused: the state has changed then. */
  readonly onDone: () => void;
}): JSX.Element {
  const [stage, setStage] = useState<"idle" | "asking" | "acting">("idle");
  const [problem, setProblem] = useState<Problem | null>(null);
  const carryOut = () => {
    setStage("acting");
    setProblem(null);
    act().then(
      () => undefined,
      (error: unknown) => setProblem(error instanceof Problem ? error : Problem.unreachable(error)),
    ).finally(() => {
      setStage("idle");
      onDone();
    });
  };
  return (
    <div class="confirmed">
      <button
        type="button" class="button slim" disabled={stage !== "idle" || scope !== null || !ready} onClick={() => setStage("asking")}
        title={scope === null ? undefined : t("nav.forbidden", { scope })}
      >
        {text}
      </button>
      {stage === "idle" ? null : (
        <div class="notice warn" role="alert">
          <p>{ask}</p>
          <div class="buttons">
            <button type="button" class="button danger slim" disabled={stage === "acting"} onClick={carryOut}>{text}</button>
            <button type="button" class="button slim" disabled={stage === "acting"} onClick={() => setStage("idle")}>{t("command.keep")}</button>
          </div>
        </div>
      )}
      {problem === null ? null : (
        <div class="notice bad" role="alert" data-problem={problem.code}>
          <p><strong>{meaning(problem)}</strong> <span class="small mono">{problem.code}{problem.detail === null ? "" : ` · ${problem.detail}`}</span></p>
        </div>
      )}
    </div>
  );
}
