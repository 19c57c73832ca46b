// The lines of an export (docs/api.md, Export of sessions): the rows, and the last line, which states
// whether the export is complete.

export const FORMATS = ["csv", "ndjson"] as const;
export type Format = (typeof FORMATS)[number];

/** The last line of an export. */
export interface End {
  readonly outcome: string;
  /** The cursor with which another export continues. */
  readonly nextCursor: string | null;
}

/** Divides the text of an export into its rows and its last line. */
export class Lines {
  /** The number of rows so far. */
  rows = 0;
  /** The text after the last line break. */
  private rest = "";
  /** A line that may be the last one. */
  private held = "";
  /** Whether the next line continues a cell in quotes. */
  private quoted = false;
  private first: boolean;

  /** With `omitHeader`, the header of CSV is left out, because the export continues another one. */
  constructor(private readonly format: Format, private readonly omitHeader: boolean) {
    this.first = format === "csv";
  }

  /** Adds a piece of the text; returns the rows that are known not to be the last line. */
  add(piece: string): string {
    const lines = (this.rest + piece).split(/(?<=\n)/);
    this.rest = lines.at(-1)?.endsWith("\n") === true ? "" : (lines.pop() ?? "");
    let text = "";
    for (const line of lines) {
      if (this.first) {
        this.first = false;
        if (!this.omitHeader) text += line;
        continue;
      }
      text += this.held;
      if (this.held !== "") this.count(this.held);
      this.held = line;
    }
    return text;
  }

  /** The last line as text, and what it states; null if the export was cut off. */
  end(): { readonly text: string; readonly end: End } | null {
    const end = this.rest === "" ? parse(this.format, this.held) : null;
    return end === null ? null : { text: this.held, end };
  }

  private count(line: string): void {
    const quotes = this.format === "csv" ? line.split('"').length - 1 : 0;
    if (quotes % 2 === 1) this.quoted = !this.quoted;
    if (!this.quoted) this.rows += 1;
  }
}

function parse(format: Format, line: string): End | null {
  if (format === "csv") {
    // All columns but the last two are empty.
    const [, outcome = "", cursor = ""] = /^,*,([A-Za-z]+),([\w-]*)\r?\n$/.exec(line) ?? [];
    return outcome === "" ? null : { outcome, nextCursor: cursor === "" ? null : cursor };
  }
  if (!line.startsWith('{"end":')) return null;
  const { end } = JSON.parse(line) as { readonly end: End };
  return end;
}
