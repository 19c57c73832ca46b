// Names of things that a list refers to by id: each is read once, a few at a time.

import { type Signal, signal } from "@preact/signals";
import type { JSX } from "preact";
import { session } from "../app/session.ts";
import { Turns } from "./turns.ts";

export class Names {
  private readonly names = new Map<string, Signal<string | null>>();
  private reader = session.value;
  private readonly turns: Turns;

  constructor(read: (id: string) => Promise<string>) {
    this.turns = new Turns(async (id) => {
      const name = await read(id);
      const known = this.names.get(id);
      if (known !== undefined) known.value = name;
    });
  }

  /** The name of the thing with this id; null until it is read, and if it cannot be. */
  of(id: string): Signal<string | null> {
    // Another user may not read what the one before could.
    if (this.reader !== session.value) this.names.clear();
    this.reader = session.value;
    const known = this.names.get(id);
    if (known !== undefined) return known;
    const name = signal<string | null>(null);
    this.names.set(id, name);
    this.turns.ask(id);
    return name;
  }
}

/** A link to a thing by its name, or by its id until the name is known, and if it cannot be read. */
export function NamedLink({ id, href, names }: { readonly id: string; readonly href: string; readonly names: Names }): JSX.Element {
  const name = names.of(id).value;
  return <a href={href} class={name === null ? "mono small" : undefined}>{name ?? id}</a>;
}
