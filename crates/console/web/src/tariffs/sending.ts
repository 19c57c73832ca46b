// Sends what the pages of tariffs request, one request at a time.

import { useRef, useState } from "preact/hooks";
import { Problem } from "../api/problem.ts";
import { newKey } from "../forms/new-key.ts";

/** The sending of requests, with the problem of the last attempt. */
export interface Sending {
  readonly busy: boolean;
  readonly problem: Problem | null;
  /** The fault that the API found in a field. */
  readonly fault: (field: string) => string | undefined;
  /** Sends; does nothing while another request runs. The key makes a repeated request the same one. */
  readonly send: (request: (key: string) => Promise<void>) => void;
  readonly clear: () => void;
}

export function useSending(): Sending {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const key = useRef(newKey());
  const send = (request: (key: string) => Promise<void>) => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    request(key.current).catch((error: unknown) => {
      const found = error instanceof Problem ? error : Problem.unreachable(error);
      // After a refusal the next attempt is another request; an uncertain outcome keeps the key.
      if (found.status >= 400 && found.status < 500) key.current = newKey();
      setProblem(found);
    }).finally(() => setBusy(false));
  };
  return { busy, problem, send, fault: (field) => problem?.faults.find((one) => one.field === field)?.message, clear: () => setProblem(null) };
}
