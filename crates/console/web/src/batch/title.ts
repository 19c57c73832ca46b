// What a batch sends to each pile, in a line: the command with its argument.

import type { Batch } from "../api/types.ts";
import { known, named } from "../i18n/language.ts";

/** The command and its argument, such as `Reset · Hard`. */
export function titleOf(batch: Batch): string {
  const argument = argumentOf(batch);
  return argument === null ? named("commandName", batch.commandName) : `${named("commandName", batch.commandName)} · ${argument}`;
}

/** A dispatcher of an older release leaves out the fields that it does not know. */
function argumentOf({ type, requestedMessage, key, value }: Batch): string | null {
  if (typeof type === "string") return known("command", type) ?? type;
  if (typeof requestedMessage === "string") return named("message", requestedMessage);
  return typeof key === "string" ? `${key} = ${value ?? ""}` : null;
}
