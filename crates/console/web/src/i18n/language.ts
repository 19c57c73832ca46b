// The words that are shown: Chinese or English, as the browser prefers or the person chose.

import { computed, effect, signal } from "@preact/signals";
import { type Words, en } from "./en.ts";
import { zh } from "./zh.ts";

export type Language = "en" | "zh";
export type Word = keyof Words;
type Values = Readonly<Record<string, string | number>>;

const CHOICE = "console.language";
const BOOKS: Readonly<Record<Language, Words>> = { en, zh };

export const language = signal<Language>(first());

function first(): Language {
  const chosen = localStorage.getItem(CHOICE);
  if (chosen === "en" || chosen === "zh") return chosen;
  const preferred = navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag));
  return preferred?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function choose(next: Language): void {
  localStorage.setItem(CHOICE, next);
  language.value = next;
}

/** The tag that numbers and times are written by. */
export const locale = computed(() => (language.value === "zh" ? "zh-CN" : "en-GB"));

effect(() => {
  document.documentElement.lang = locale.value;
});

/** The words for `word`, with values in their places. */
export function t(word: Word, values?: Values): string {
  const text = BOOKS[language.value][word];
  return values === undefined ? text : text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The words for something that the API names, such as a status; its own name where this release does not know it. */
export function named(group: string, name: string): string {
  const book: Readonly<Record<string, string>> = BOOKS[language.value];
  return book[`${group}.${name}`] ?? name;
}

/** The words for it, if there are any. */
export function known(group: string, name: string): string | undefined {
  const book: Readonly<Record<string, string>> = BOOKS[language.value];
  return book[`${group}.${name}`];
}
