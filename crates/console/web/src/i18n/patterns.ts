// Texts for the messages of the services, which contain values and are therefore known by pattern.

/** A message, and the text that replaces it, from the parts that the pattern captures. */
export type Pattern = readonly [RegExp, (parts: readonly string[]) => string];

/** The text of the first pattern that matches a message; undefined if there is none. */
export function textOf(patterns: readonly Pattern[], message: string): string | undefined {
  for (const [pattern, text] of patterns) {
    const found = pattern.exec(message);
    if (found !== null) return text(found.slice(1));
  }
  return undefined;
}
