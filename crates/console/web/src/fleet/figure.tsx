// A figure of the fleet with its name.

import type { JSX } from "preact";
import { StatusShape } from "../design/status.tsx";

export function Figure({ name, label, value, tone, title }: {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly tone?: string;
  readonly title?: string;
}): JSX.Element {
  return (
    <div class={tone === undefined ? "figure" : `figure tone-${tone}`} data-figure={name} title={title}>
      <dt>{tone === undefined ? null : <StatusShape status={tone} />}{label}</dt>
      <dd class="num">{value}</dd>
    </div>
  );
}
