// The receipts of a session: which there are, and which one is shown.

import { Problem, isRecord } from "../api/problem.ts";

/** A receipt in the list of a session. */
export interface Listed {
  readonly number: number;
  /** The number of the receipt that it replaces; null for the first. */
  readonly replaces: number | null;
  readonly issuedAt: string;
  readonly withdrawn: boolean;
}

/** The receipts of a list of the API, the latest first; what is not a receipt is left out. */
export function listed(items: readonly unknown[]): Listed[] {
  return items.flatMap((item) => {
    if (!isRecord(item) || typeof item["number"] !== "number" || typeof item["issuedAt"] !== "string") return [];
    const replaces = item["replaces"];
    return [{ number: item["number"], issuedAt: item["issuedAt"], replaces: typeof replaces === "number" ? replaces : null, withdrawn: item["withdrawn"] === true }];
  });
}

/** The result of a request; null if the session has no receipt, yet or any more, and `code` says why. */
export type Found<T> = { readonly receipt: T } | { readonly code: string };

/** The receipt, or the code of the problem that there is none. */
export function unlessAbsent<T>(asked: Promise<T>): Promise<Found<T>> {
  return asked.then((receipt) => ({ receipt }), (error: unknown) => {
    if (error instanceof Problem && (error.code === "RECEIPT_NOT_YET" || error.code === "RECEIPT_NOT_KEPT")) return { code: error.code };
    throw error;
  });
}
