// The language of the texts: Chinese or English, by the browser's preference or the user's choice.
// Only the texts of the chosen language are loaded.

import { batch, computed, effect, signal } from "@preact/signals";
import type { Words } from "./en.ts";

export type Language = "en" | "zh";
export type Word = keyof Words;
type Values = Readonly<Record<string, string | number>>;

const CHOICE = "console.language";
const BOOKS: Readonly<Record<Language, () => Promise<Words>>> = {
  en: async () => (await import("./en.ts")).en,
  zh: async () => (await import("./zh.ts")).zh,
};

export const language = signal<Language>(first());

function first(): Language {
  const chosen = localStorage.getItem(CHOICE);
  if (chosen === "en" || chosen === "zh") return chosen;
  const preferred = navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag));
  return preferred?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

const texts = signal<Words | null>(null);

/** Loads the texts; nothing can be shown before. */
export async function loadTexts(next: Language = language.value): Promise<void> {
  const loaded = await BOOKS[next]();
  batch(() => {
    language.value = next;
    texts.value = loaded;
  });
}

export function choose(next: Language): void {
  localStorage.setItem(CHOICE, next);
  // If they cannot be loaded now, the next start tries again.
  loadTexts(next).catch(() => undefined);
}

/** The language tag for the format of numbers and times. */
export const locale = computed(() => (language.value === "zh" ? "zh-CN" : "en-GB"));

effect(() => {
  document.documentElement.lang = locale.value;
});

/** The text for the key `word`, with its placeholders filled from `values`. */
export function t(word: Word, values?: Values): string {
  const text: string = texts.value?.[word] ?? word;
  return values === undefined ? text : text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/**
 * The text for a name of the API, such as a status; the name itself if it is unknown to this
 * release.
 */
export function named(group: string, name: string): string {
  return known(group, name) ?? name;
}

/** The text for a name of the API; undefined if there is none. */
export function known(group: string, name: string): string | undefined {
  const book: Readonly<Record<string, string>> | null = texts.value;
  return book?.[`${group}.${name}`];
}
