// Checks what was entered against the limits of the API, before anything is sent. The limits are
// extracted from the OpenAPI documents by build/limits.mjs; the services enforce them.

/** The limits of one field of a body. */
export interface Limit {
  readonly kind: "text" | "number" | "integer" | "choice" | "list" | "other";
  /** The name of the schema, if several fields share it. */
  readonly schema?: string;
  readonly required?: boolean;
  /** The allowed values, or those of the items of a list. */
  readonly choices?: readonly string[];
  /** Lengths in characters (Unicode code points). */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  /** The value must be greater than this. */
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** Why an entered value is invalid, by the key of its text without `form.`. */
export interface Complaint {
  readonly why:
    | "required" | "tooShort" | "tooLong" | "notAllowed" | "notANumber" | "notAnInteger" | "tooSmall" | "notAbove" | "tooLarge"
    | "together" | "past" | "notLater" | "twice" | "backwards" | "notAfter" | "backwardsDates" | "tooManyDays" | "overlap" | "noItem" | "tooManyItems";
  /** The limit that is exceeded. */
  readonly limit?: number;
  /** The shared schema of a value that does not match its pattern. */
  readonly schema?: string | undefined;
}

/** A complaint about the field at `path`, which has the form of the API's: `connectors[0].type`. */
export interface Fault extends Complaint {
  readonly path: string;
}

/** Why `entered` is invalid; null if it is valid. Blanks at both ends do not count. */
export function check(limit: Limit, entered: string): Complaint | null {
  const text = entered.trim();
  if (text === "") return limit.required === true ? { why: "required" } : null;
  switch (limit.kind) {
    case "number":
    case "integer":
      return checkNumber(limit, text);
    case "choice":
      return limit.choices?.includes(text) === true ? null : { why: "notAllowed" };
    default:
      return checkText(limit, text);
  }
}

function checkText(limit: Limit, text: string): Complaint | null {
  const { length } = [...text];
  if (limit.minLength !== undefined && length < limit.minLength) return { why: "tooShort", limit: limit.minLength };
  if (limit.maxLength !== undefined && length > limit.maxLength) return { why: "tooLong", limit: limit.maxLength };
  if (limit.pattern !== undefined && !new RegExp(limit.pattern, "u").test(text)) return { why: "notAllowed", schema: limit.schema };
  return null;
}

function checkNumber(limit: Limit, text: string): Complaint | null {
  const value = numberOf(text);
  if (value === null) return { why: "notANumber" };
  if (limit.kind === "integer" && !Number.isInteger(value)) return { why: "notAnInteger" };
  if (limit.minimum !== undefined && value < limit.minimum) return { why: "tooSmall", limit: limit.minimum };
  if (limit.exclusiveMinimum !== undefined && value <= limit.exclusiveMinimum) return { why: "notAbove", limit: limit.exclusiveMinimum };
  if (limit.maximum !== undefined && value > limit.maximum) return { why: "tooLarge", limit: limit.maximum };
  return null;
}

/** The number of a text, also in the full-width digits of Chinese input; null if it is none. */
export function numberOf(text: string): number | null {
  const plain = text.trim().normalize("NFKC");
  return /^[+-]?\d+(\.\d+)?$/.test(plain) ? Number(plain) : null;
}

/** The complaints about several texts of one body, by the names of their fields. */
export function checkAll<Name extends string>(limits: Readonly<Record<Name, Limit>>, entered: Readonly<Partial<Record<Name, string>>>, prefix = ""): Fault[] {
  return (Object.entries(entered) as [Name, string][]).flatMap(([name, text]) => {
    const found = check(limits[name], text);
    return found === null ? [] : [{ path: prefix + name, ...found }];
  });
}
