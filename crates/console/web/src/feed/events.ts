// Server-sent events, read from a stream of text as it comes (HTML standard, section 9.2).

export interface ServerEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/** What a piece of the stream said. */
export interface Told {
  /** The place that was reached, if one was named. */
  readonly lastId: string | null;
  readonly retryMs: number | null;
  readonly events: readonly ServerEvent[];
}

/** Holds what is not finished yet. Takes pieces however they are cut. */
export class EventReader {
  private rest = "";
  private id = "";
  private type = "";
  private data: string[] = [];

  read(piece: string): Told {
    const text = this.rest + piece;
    // A CR at the end may be half of a line's end.
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
