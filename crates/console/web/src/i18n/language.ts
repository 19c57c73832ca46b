// The language of the texts: Chinese or English, by the browser's preference or the user's choice.

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

/** The language tag for the format of numbers and times. */
export const locale = computed(() => (language.value === "zh" ? "zh-CN" : "en-GB"));

effect(() => {
  document.documentElement.lang = locale.value;
});

/** The text for the key `word`, with its placeholders filled from `values`. */
export function t(word: Word, values?: Values): string {
  return filled(BOOKS[language.value][word], values);
}

type Book = Readonly<Record<string, string>>;

/** The texts of pages that are loaded later. */
const ADDED: Record<Language, Book>[] = [];

/**
 * The texts of pages that are loaded lazily: adds them to those in which `named` and `known` look,
 * and returns their `t`.
 */
export function texts<const B extends Book>(own: B, chinese: { readonly [word in keyof B]: string }): (word: keyof B, values?: Values) => string {
  const books: Record<Language, { readonly [word in keyof B]: string }> = { en: own, zh: chinese };
  ADDED.push(books);
  return (word, values) => filled(books[language.value][word], values);
}

function filled(text: string, values: Values | undefined): string {
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
  const key = `${group}.${name}`;
  const books: readonly Book[] = [BOOKS[language.value], ...ADDED.map((books) => books[language.value])];
  return books.find((book) => key in book)?.[key];
}
