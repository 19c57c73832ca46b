// Downloads an export to a file: its responses one after the other until it is complete.

import { authorization, send } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import { type Format, Part } from "./part.ts";

const MEDIA: Readonly<Record<Format, string>> = { csv: "text/csv", ndjson: "application/x-ndjson" };
/** Time limit of one response, in ms: that of the service, and time to read what it has sent. */
const PATIENCE_MS = 180_000;
/** How long a file can be read after it was offered, in ms. */
const KEPT_MS = 60_000;
/** Why a response may end before the export does. After any other outcome the export has failed. */
const CONTINUED: readonly string[] = ["rowLimit", "timeLimit"];

export interface Progress {
  readonly rows: number;
  readonly bytes: number;
}

/** Reads the export at `path`; the text is never in memory as a whole, but in the blob of the browser. */
export async function read(path: string, query: Readonly<Record<string, unknown>>, format: Format, stop: AbortSignal, onProgress: (progress: Progress) => void): Promise<Blob> {
  const kept: Blob[] = [];
  let [rows, bytes, cursor] = [0, 0, null as string | null];
  for (;;) {
    const part = new Part(format, cursor !== null);
    const before = rows;
    await eachPiece(addressOf(path, { ...query, format, cursor }), format, stop, (piece) => {
      const blob = new Blob([part.take(piece)]);
      kept.push(blob);
      bytes += blob.size;
      rows = before + part.rows;
      onProgress({ rows, bytes });
    });
    if (part.end?.outcome === "complete") return new Blob(kept, { type: MEDIA[format] });
    if (part.end === null || part.end.cursor === null || !CONTINUED.includes(part.end.outcome)) throw cutOff(part.end?.outcome);
    cursor = part.end.cursor;
  }
}

async function eachPiece(url: string, format: Format, stop: AbortSignal, take: (piece: string) => void): Promise<void> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(PATIENCE_MS)]);
  const response = await send(url, { headers: { ...authorization(), accept: MEDIA[format] }, signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw cutOff(undefined);
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      if (stop.aborted) throw error;
      throw Problem.unreachable(error);
    });
    if (done) return;
    take(value);
  }
}

function addressOf(path: string, query: Readonly<Record<string, unknown>>): string {
  const said = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return `${path}?${new URLSearchParams(said.map(([name, value]) => [name, String(value)]))}`;
}

function cutOff(outcome: string | undefined): Problem {
  return new Problem(0, "EXPORT_CUT_OFF", "The export is not complete", outcome ?? null, [], null, null);
}

/** Offers `content` as a file. */
export function save(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
