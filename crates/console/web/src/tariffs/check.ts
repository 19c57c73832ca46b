// The check of prices by the API while they are edited.

import { useEffect, useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import { Problem, isAbort } from "../api/problem.ts";
import type { Currency } from "../api/types.ts";
import { type Findings, NONE, byPath } from "./findings.ts";
import { type Prices, sent } from "./price-list.ts";

/** Time without an edit after which the prices are checked, in ms. */
const PAUSE_MS = 300;

export interface Check {
  readonly state: "running" | "valid" | "faults" | "failed";
  readonly findings: Findings;
  /** Why the check failed; null unless it did. */
  readonly problem: Problem | null;
}

/** The check of the newest prices; until it has ended, the findings are those of the last one. */
export function useCheck(prices: Prices, currency: Currency): Check {
  const [check, setCheck] = useState<Check>({ state: "running", findings: NONE, problem: null });
  useEffect(() => {
    const ended = new AbortController();
    setCheck((before) => ({ ...before, state: "running" }));
    const timer = setTimeout(() => {
      assets.post("/api/v1/tariffs/validate", { body: { currency, priceList: sent(prices) }, signal: ended.signal }).then(
        ({ findings }) => setCheck({ state: findings.length === 0 ? "valid" : "faults", findings: byPath(findings), problem: null }),
        (error: unknown) => {
          if (ended.signal.aborted || isAbort(error)) return;
          const problem = error instanceof Problem ? error : Problem.unreachable(error);
          setCheck((before) => ({ ...before, state: "failed", problem }));
        },
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  }, [prices, currency]);
  return check;
}
