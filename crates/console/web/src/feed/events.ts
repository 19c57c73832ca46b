// An incremental parser of server-sent events (HTML standard, section 9.2).

export interface ServerEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/** The content of a piece of the stream. */
export interface ParsedEvents {
  /** The last event id in the piece; null if it has none. */
  readonly lastId: string | null;
  readonly retryMs: number | null;
  readonly events: readonly ServerEvent[];
}

/** Parses pieces that may be split anywhere; buffers the incomplete rest. */
export class EventReader {
  private rest = "";
  private id = "";
  private type = "";
  private data: string[] = [];

  read(piece: string): ParsedEvents {
    const text = this.rest + piece;
    // A CR at the end may be the first half of CRLF.
    const whole = text.endsWith("\r") ? text.slice(0, -1) : text;
    const lines = whole.split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? "") + text.slice(whole.length);
    let lastId: string | null = null;
    let retryMs: number | null = null;
    const events: ServerEvent[] = [];
    for (const line of lines) {
      if (line === "") {
        if (this.data.length > 0) events.push({ id: this.id, type: this.type || "message", data: this.data.join("\n") });
        if (this.id !== "") lastId = this.id;
        this.type = "";
        this.data = [];
        continue;
      }
      const colon = line.indexOf(":");
      if (colon === 0) continue;
      const name = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (name === "data") this.data.push(value);
      else if (name === "id") this.id = value;
      else if (name === "event") this.type = value;
      else if (name === "retry" && /^\d+$/.test(value)) retryMs = Number(value);
    }
    return { lastId, retryMs, events };
  }
}
