/** The header that allows a change of this revision only. */
export function ifMatch(version: number): Record<string, string> {
  return { "if-match": `"${version}"` };
}
