// The state of a form: what is entered, kept as a draft, checked against the limits of the API, and
// sent.

import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type FieldFault, Problem, isAbort } from "../api/problem.ts";
import { session } from "../app/session.ts";
import { type Draft, Drafts } from "./draft.ts";
import { faultText } from "./fault-text.ts";
import type { Fault } from "./limit.ts";
import { same } from "./merge.ts";
import { newKey } from "./new-key.ts";
import { serviceFault } from "./service-fault.ts";

/** A form over the values `V`: texts, lists, and objects of them, by field. */
export interface Form<V> {
  readonly values: V;
  /** The values and the revision at which the edit began. */
  readonly base: V;
  readonly version: number;
  /** Whether something was changed. */
  readonly dirty: boolean;
  /** The idempotency key of a creation. */
  readonly key: string;
  readonly busy: boolean;
  /** Why the last request was refused. */
  readonly problem: Problem | null;
  /** When the draft that was found had been entered, in ms since 1970; null if there was none. */
  readonly restoredAt: number | null;
  /** For the element of the form, so that the first invalid field gets the focus. */
  readonly element: RefObject<HTMLFormElement | null>;
  readonly set: <K extends keyof V & string>(field: K, value: V[K]) => void;
  /** Marks the field at `path` as left, so that its fault is shown. */
  readonly touch: (path: string) => void;
  /** The text of the fault at `path`, of this form or of the service; undefined if there is none. */
  readonly fault: (path: string) => string | undefined;
  /** The text of a fault of the service somewhere within the field at `path`. */
  readonly faultWithin: (path: string) => string | undefined;
  /** Takes over the newest revision: the own edit is continued from there. */
  readonly rebase: (base: V, version: number, values: V) => void;
  /** Throws the draft away. */
  readonly discard: () => void;
  /** Sends the values by `act` if they are valid; a success ends the draft. Never throws. */
  readonly submit: (act: (signal: AbortSignal) => Promise<void>) => Promise<void>;
}

interface Start<V> {
  /** The name of the draft, such as `station.new`. */
  readonly name: string;
  readonly base: V;
  /** The revision with the values of `base`; 0 for something new. */
  readonly version: number;
  readonly check: (values: V) => readonly Fault[];
}

/** The state of a form that begins with a draft, if there is one, or else at `base`. */
export function useForm<V extends object>({ name, base, version, check }: Start<V>): Form<V> {
  const drafts = useMemo(() => new Drafts(sessionStorage, session.value?.subject ?? ""), []);
  const found = useMemo(() => drafts.read(name, base), [name]);
  const fresh = (): Draft<V> => ({ values: base, base, version, key: newKey(), at: 0 });
  const [draft, setDraft] = useState<Draft<V>>(() => found ?? fresh());
  const [restoredAt, setRestoredAt] = useState(found === null ? null : found.at);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  // Counts attempts to send invalid values, because each moves the focus.
  const [refusals, setRefusals] = useState(0);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const element = useRef<HTMLFormElement>(null);
  const ended = useMemo(() => new AbortController(), []);
  useEffect(() => () => ended.abort(), []);
  useEffect(() => {
    if (refusals > 0) element.current?.querySelector<HTMLElement>("[aria-invalid=true], [data-invalid]")?.focus();
  }, [refusals]);

  // Several fields may be set before the next rendering.
  const latest = useRef(draft);
  latest.current = draft;
  const keep = (change: Partial<Draft<V>>) => {
    const next = { ...latest.current, ...change };
    latest.current = next;
    setDraft(next);
    if (same(next.values, next.base)) drafts.discard(name);
    else drafts.write(name, next);
  };
  const faults = check(draft.values);
  const refuse = (error: unknown) => {
    if (isAbort(error)) return;
    const why = error instanceof Problem ? error : Problem.unreachable(error);
    setProblem(why);
    if (why.faults.length > 0) setRefusals((before) => before + 1);
    // The request with this key was carried out before; the next one is another.
    if (why.code === "IDEMPOTENCY_KEY_REUSED") keep({ key: newKey() });
  };
  return {
    values: draft.values, base: draft.base, version: draft.version, key: draft.key, dirty: !same(draft.values, draft.base),
    busy, problem, restoredAt, element,
    set: (field, value) => {
      keep({ values: { ...latest.current.values, [field]: value }, at: Date.now() });
      // The service complained about values that are no longer the entered ones.
      if (problem !== null && problem.faults.length > 0) setProblem(null);
    },
    touch: (path) => setTouched((before) => (before.has(path) ? before : new Set([...before, path]))),
    fault: (path) => {
      const own = refusals > 0 || touched.has(path) ? faults.find((fault) => fault.path === path) : undefined;
      return own === undefined ? ofService(problem?.faults.find((fault) => fault.field === path)) : faultText(own);
    },
    faultWithin: (path) => {
      const inner = problem?.faults.find(({ field }) => field.startsWith(`${path}[`) || field.startsWith(`${path}.`));
      return inner === undefined ? undefined : `${inner.field}: ${serviceFault(inner.message)}`;
    },
    rebase: (newBase, newVersion, values) => {
      keep({ base: newBase, version: newVersion, values, at: Date.now() });
      setProblem(null);
    },
    discard: () => {
      drafts.discard(name);
      setDraft(fresh());
      setRestoredAt(null);
      setTouched(new Set());
      setRefusals(0);
      setProblem(null);
    },
    submit: async (act) => {
      if (busy) return;
      if (faults.length > 0) {
        setRefusals((before) => before + 1);
        return;
      }
      setBusy(true);
      setProblem(null);
      await act(ended.signal).then(() => drafts.discard(name), refuse).finally(() => setBusy(false));
    },
  };
}

function ofService(fault: FieldFault | undefined): string | undefined {
  return fault === undefined ? undefined : serviceFault(fault.message);
}
