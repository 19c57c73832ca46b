// A problem of the API (RFC 9457), or its substitute when no response arrived.

export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string | null,
    readonly faults: readonly FieldFault[],
    readonly traceId: string | null,
    readonly retryAfterS: number | null,
  ) {
    super(detail ?? title);
    this.name = "Problem";
  }

  /**
   * Whether the problem may pass by itself: no response arrived, or the service is busy or waits
   * for another one.
   */
  get passes(): boolean {
    return this.code === "UNREACHABLE" || [429, 502, 503, 504].includes(this.status);
  }

  /** The problem for a request without a response. */
  static unreachable(cause: unknown): Problem {
    const detail = cause instanceof Error ? cause.message : null;
    return new Problem(0, "UNREACHABLE", "No answer", detail, [], null, null);
  }

  static async of(response: Response): Promise<Problem> {
    const retry = Number(response.headers.get("retry-after") ?? Number.NaN);
    const body: unknown = await response.json().catch(() => null);
    return Problem.read(body, response.status, Number.isFinite(retry) ? retry : null);
  }

  /** Parses a problem from the body of a response or a line of it. */
  static read(body: unknown, status: number, retryAfterS: number | null = null): Problem {
    const said = isRecord(body) ? body : {};
    const text = (name: string): string | null => (typeof said[name] === "string" ? said[name] : null);
    const faults = Array.isArray(said["errors"]) ? said["errors"].flatMap(fault) : [];
    const reportedStatus = typeof said["status"] === "number" ? said["status"] : status;
    const code = text("code") ?? `HTTP_${reportedStatus}`;
    return new Problem(reportedStatus, code, text("title") ?? code, text("detail"), faults, text("traceId"), retryAfterS);
  }
}

function fault(value: unknown): FieldFault[] {
  if (!isRecord(value)) return [];
  const { field, message } = value;
  return typeof field === "string" && typeof message === "string" ? [{ field, message }] : [];
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether the caller cancelled the request. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
