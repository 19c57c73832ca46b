// A status as a shape and a word, so that it does not depend on colours.

import type { JSX } from "preact";
import { named } from "../i18n/language.ts";

/** All statuses in display order. */
export const STATUSES = [
  "Available", "Charging", "Preparing", "Finishing", "SuspendedEV", "SuspendedEVSE", "Reserved", "Unavailable", "Faulted", "Offline", "Unknown",
] as const;

function shape(status: string): JSX.Element {
  switch (status) {
    case "Available":
      return <circle cx="7" cy="7" r="5.5" fill="currentColor" />;
    case "Charging":
      return <path d="M8.2 0.5 2 8h4l-.8 5.5L12 5.6H7.6z" fill="currentColor" />;
    case "Preparing":
      return (
        <>
          <circle cx="7" cy="7" r="5.3" fill="none" stroke="currentColor" stroke-width="1.6" />
          <path d="M7 1.7a5.3 5.3 0 0 1 0 10.6z" fill="currentColor" />
        </>
      );
    case "Finishing":
      return <path d="M1.8 7.4 5.4 11l6.8-7.6" fill="none" stroke="currentColor" stroke-width="2.4" />;
    case "SuspendedEV":
    case "SuspendedEVSE":
      return <path d="M3 2h3v10H3z M8 2h3v10H8z" fill="currentColor" />;
    case "Reserved":
      return <path d="M3 1.5h8v11L7 9.4l-4 3.1z" fill="currentColor" />;
    case "Unavailable":
      return <path d="M1.5 5.5h11v3h-11z" fill="currentColor" />;
    case "Faulted":
      return <path d="M7 .8 13.6 12.6H.4z" fill="currentColor" />;
    case "Offline":
      return <path d="m2.5 2.5 9 9m0-9-9 9" stroke="currentColor" stroke-width="2.4" />;
    default:
      return <circle cx="7" cy="7" r="5" fill="none" stroke="currentColor" stroke-width="1.8" stroke-dasharray="2.6 2.2" />;
  }
}

export function StatusShape({ status }: { readonly status: string }): JSX.Element {
  return <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">{shape(status)}</svg>;
}

export function Status({ status }: { readonly status: string }): JSX.Element {
  return (
    <span class={`status tone-${status}`}>
      <StatusShape status={status} />
      {named("status", status)}
    </span>
  );
}

/** The colour of a status in graphics. */
export function toneOf(status: string): string {
  const name = status.startsWith("Suspended") ? "suspended" : status.toLowerCase();
  return colour(`--s-${name}`);
}

const worked = new Map<string, string>();

/** Clears the cache of colours, for example when the theme changes. */
export function forgetColours(): void {
  worked.clear();
}

/** A colour of the current theme in a form that a canvas accepts. */
export function colour(name: string): string {
  const known = worked.get(name);
  if (known !== undefined) return known;
  // The browser does not resolve a custom property by itself, only where it is used as a colour.
  const probe = document.documentElement;
  probe.style.setProperty("accent-color", `var(${name})`);
  const found = getComputedStyle(probe).getPropertyValue("accent-color");
  probe.style.removeProperty("accent-color");
  worked.set(name, found);
  return found;
}
