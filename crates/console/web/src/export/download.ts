// Reads a whole export: an export that reaches a limit of the service is continued.

import { authorization, searched, send } from "../api/client.ts";
import { Problem, isAbort } from "../api/problem.ts";
import { type Format, Lines } from "./lines.ts";

export interface Progress {
  /** The number of rows so far. */
  readonly rows: number;
  /** The estimated number of all rows; null if it is not estimated. */
  readonly estimated: number | null;
}

/** Time limit of a response, in ms: longer than `export.timeout_ms` of the service. */
const PATIENCE_MS = 300_000;
/** Delay before an export is continued that the service ended early, in ms. */
const PAUSE_MS = 1_000;
/** For how long a file is kept for the browser, in ms. */
const KEPT_MS = 60_000;
/** How often in succession an export is continued without a new row. */
const ATTEMPTS = 5;

/** The export at `path` as a file. Throws a `Problem` if it cannot be read to its end. */
export async function download(
  path: string, query: Record<string, unknown>, format: Format, stop: AbortSignal, onProgress: (progress: Progress) => void,
): Promise<Blob> {
  const parts: Blob[] = [];
  let rows = 0;
  let cursor: string | undefined;
  for (let idle = 0; idle < ATTEMPTS;) {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(PATIENCE_MS)]);
    const response = await send(path + searched({ ...query, format, cursor }), { headers: authorization(), signal });
    const header = response.headers.get("x-estimated-rows");
    const estimated = header === null ? null : rows + Number(header);
    const before = rows;
    const lines = new Lines(format, parts.length > 0);
    await pieces(response, stop, (piece) => {
      const text = lines.add(piece);
      // The browser may keep the content of a blob on disk.
      if (text !== "") parts.push(new Blob([text]));
      rows = before + lines.rows;
      onProgress({ rows, estimated });
    });
    const last = lines.end();
    if (last === null) throw Problem.unreachable(new Error("cut off"));
    if (last.end.outcome === "complete") return new Blob([...parts, last.text], { type: response.headers.get("content-type") ?? "" });
    cursor = last.end.nextCursor ?? cursor;
    idle = rows > before ? 0 : idle + 1;
    if (!["rowLimit", "timeLimit"].includes(last.end.outcome)) await pause(stop);
  }
  throw new Problem(0, "EXPORT_FAILED", "The export could not be completed", null, [], null, null);
}

async function pieces(response: Response, stop: AbortSignal, take: (piece: string) => void): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const read = await reader?.read().catch((cause: unknown) => {
      if (stop.aborted || isAbort(cause)) throw cause;
      throw Problem.unreachable(cause);
    });
    if (read === undefined || read.done) return;
    take(read.value);
  }
}

function pause(stop: AbortSignal): Promise<void> {
  return new Promise((done, ended) => {
    const timer = setTimeout(done, PAUSE_MS);
    stop.addEventListener("abort", () => {
      clearTimeout(timer);
      ended(stop.reason);
    }, { once: true });
  });
}

/** Saves a file under `name`. */
export function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // Some browsers begin to read the file after the click has returned.
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
