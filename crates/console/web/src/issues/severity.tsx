// The severity of an issue as a shape and a word, so that it does not depend on colours.

import type { JSX } from "preact";
import { named } from "../i18n/language.ts";

const SHAPES: Readonly<Record<string, JSX.Element>> = {
  critical: <path d="M4.4.8h5.2l3.6 3.6v5.2l-3.6 3.6H4.4L.8 9.6V4.4z" fill="currentColor" />,
  major: <path d="M7 .8 13.6 12.6H.4z" fill="currentColor" />,
  minor: <path d="M7 1.4 12.6 7 7 12.6 1.4 7z" fill="none" stroke="currentColor" stroke-width="1.8" />,
};

export function Severity({ of }: { readonly of: string }): JSX.Element {
  return (
    <span class={`status severity-${of}`} data-severity={of}>
      <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">{SHAPES[of] ?? <circle cx="7" cy="7" r="5" fill="none" stroke="currentColor" />}</svg>
      {named("severity", of)}
    </span>
  );
}
