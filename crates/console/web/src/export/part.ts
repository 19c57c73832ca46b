// One response of an export, line by line: its rows, and the last line, which states whether the
// export is complete (docs/api.md, Export of sessions).

import { isRecord } from "../api/problem.ts";

export const FORMATS = ["csv", "ndjson"] as const;
export type Format = (typeof FORMATS)[number];

/** The last line of a response. */
export interface End {
  /** `complete`, or why the export ended before. */
  readonly outcome: string;
  /** Where another response continues; null if the export is complete. */
  readonly cursor: string | null;
}

/** Takes the text of a response in pieces. */
export class Part {
  /** The number of rows so far. */
  rows = 0;
  /** The last line; null until it was read. */
  end: End | null = null;
  private rest = "";
  private header: boolean;

  /** `continues`: the rows follow those of another response, so a header is left out. */
  constructor(private readonly format: Format, private readonly continues: boolean) {
    this.header = format === "csv";
  }

  /** The text to keep of the next piece. The last line is kept only if the export is complete. */
  take(piece: string): string {
    const lines = (this.rest + piece).split("\n");
    this.rest = lines.pop() ?? "";
    return lines.map((line) => this.line(line)).filter((line) => line !== null).map((line) => `${line}\n`).join("");
  }

  private line(line: string): string | null {
    if (this.header) {
      this.header = false;
      return this.continues ? null : line;
    }
    const end = this.format === "csv" ? endOfCsv(line) : endOfNdjson(line);
    if (end === null) {
      this.rows += 1;
      return line;
    }
    this.end = end;
    return end.outcome === "complete" ? line : null;
  }
}

/** The last line of CSV has values only in its last two columns. */
function endOfCsv(line: string): End | null {
  const found = /^,+(complete|rowLimit|timeLimit|stopped|failed),([^,"\r]*)\r?$/.exec(line);
  return found === null ? null : { outcome: found[1] ?? "", cursor: found[2] || null };
}

function endOfNdjson(line: string): End | null {
  if (!line.startsWith("{\"end\":")) return null;
  const said: unknown = JSON.parse(line);
  const end = isRecord(said) ? said["end"] : null;
  if (!isRecord(end) || typeof end["outcome"] !== "string") return null;
  return { outcome: end["outcome"], cursor: typeof end["nextCursor"] === "string" ? end["nextCursor"] : null };
}
