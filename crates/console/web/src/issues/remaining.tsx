// How much of a list is shown, and a button for more; nothing if all of it is.

import type { JSX } from "preact";
import type { Problem } from "../api/problem.ts";
import { Failed } from "../design/states.tsx";
import { count } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";

export function Remaining({ shown, all, problem, onMore }: {
  readonly shown: number;
  readonly all: number;
  readonly problem: Problem | undefined;
  readonly onMore: () => void;
}): JSX.Element | null {
  if (problem !== undefined) return <Failed problem={problem} retry={onMore} />;
  if (shown >= all) return null;
  return (
    <div class="buttons">
      <span class="soft small" data-shown={shown} data-all={all}>{t("issue.shownOf", { n: count(shown), all: count(all) })}</span>
      <button type="button" class="button slim" onClick={onMore}>{t("state.more")}</button>
    </div>
  );
}
