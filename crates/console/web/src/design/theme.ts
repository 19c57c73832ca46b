// The theme: light or dark, by the system's preference or the user's choice.

import { effect, signal } from "@preact/signals";
import { forgetColours } from "./status.tsx";

export type Theme = "system" | "light" | "dark";

const CHOICE = "console.theme";

function first(): Theme {
  const chosen = localStorage.getItem(CHOICE);
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

export const theme = signal<Theme>(first());

export function paint(next: Theme): void {
  if (next === "system") localStorage.removeItem(CHOICE);
  else localStorage.setItem(CHOICE, next);
  theme.value = next;
}

/** Counts changes of the theme, so that canvases are redrawn. */
export const repaint = signal(0);

const notify = () => {
  forgetColours();
  repaint.value += 1;
};

effect(() => {
  if (theme.value === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
  queueMicrotask(notify);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", notify);
