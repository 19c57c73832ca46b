// A refusal as the API words it (RFC 9457), or what stands for one where no answer came.

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

  /** Whether it may be over soon without anybody doing anything: no answer came, or the service is busy or waits for another. */
  get passes(): boolean {
    return this.code === "UNREACHABLE" || [429, 502, 503, 504].includes(this.status);
  }

  /** No answer came. */
  static unreachable(cause: unknown): Problem {
    const detail = cause instanceof Error ? cause.message : null;
    return new Problem(0, "UNREACHABLE", "No answer", detail, [], null, null);
  }

  static async of(response: Response): Promise<Problem> {
    const retry = Number(response.headers.get("retry-after") ?? Number.NaN);
    const body: unknown = await response.json().catch(() => null);
    return Problem.read(body, response.status, Number.isFinite(retry) ? retry : null);
  }

  /** What an answer or a line of one says, as far as it is a problem. */
  static read(body: unknown, status: number, retryAfterS: number | null = null): Problem {
    const said = isRecord(body) ? body : {};
    const text = (name: string): string | null => (typeof said[name] === "string" ? said[name] : null);
    const faults = Array.isArray(said["errors"]) ? said["errors"].flatMap(fault) : [];
    const told = typeof said["status"] === "number" ? said["status"] : status;
    const code = text("code") ?? `HTTP_${told}`;
    return new Problem(told, code, text("title") ?? code, text("detail"), faults, text("traceId"), retryAfterS);
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

/** Whether a request was given up by whoever made it. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
