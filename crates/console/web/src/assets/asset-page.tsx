// The frame of a page about one station or pile: where it belongs to, and its title.

import type { ComponentChildren, JSX } from "preact";
import { Title } from "../app/title.tsx";

export function AssetPage({ title, of, back, backText, children }: {
  readonly title: string;
  /** The name of the station or pile; absent if it does not exist yet. */
  readonly of?: string;
  readonly back: string;
  readonly backText: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <>
      <Title text={of === undefined ? title : `${title} · ${of}`} />
      <div class="page-head">
        <div>
          <p class="crumb"><a href={back}>{backText}</a></p>
          <h1>{title}{of === undefined ? null : <span class="soft"> · {of}</span>}</h1>
        </div>
      </div>
      <section class="card card-body">{children}</section>
    </>
  );
}
