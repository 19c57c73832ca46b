// The editor of a tariff's draft.

import type { ComponentChildren, JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { assets, ifMatch, onlyCreate } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { Tariff, TariffDraft } from "../api/types.ts";
import { go, query, to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Confirmed } from "../design/confirmed.tsx";
import { Shown, meaning } from "../design/states.tsx";
import { Refused } from "../forms/frame.tsx";
import { same } from "../forms/merge.ts";
import { clockShort } from "../i18n/format.ts";
import { useResource } from "../live/resource.ts";
import { type Check, useCheck } from "./check.ts";
import { DraftConflict } from "./draft-conflict.tsx";
import { type Findings, NONE, byPath, scheduleOf } from "./findings.ts";
import { GeneralForm, HolidaysForm } from "./general-form.tsx";
import { drop, keep, kept } from "./kept.ts";
import { type Prices, blank, edited, sent } from "./price-list.ts";
import { ProposalNotice, PublishDialog } from "./publish.tsx";
import { useSending } from "./sending.ts";
import { SchedulesForm } from "./schedule-form.tsx";
import { Week } from "./week.tsx";
import { WhatIfCard } from "./what-if.tsx";
import { t } from "../i18n/language.ts";

interface Loaded {
  readonly tariff: Tariff;
  /** Null if there is none yet. */
  readonly draft: TariffDraft | null;
  /** The prices with which editing begins. */
  readonly prices: Prices;
}

function unless(code: string): (error: unknown) => null {
  return (error) => {
    if (error instanceof Problem && error.code === code) return null;
    throw error;
  };
}

/** Loads the draft; without one, its prices are those of version `from`, or else of the newest one. */
async function load(tariffId: string, from: number, signal: AbortSignal): Promise<Loaded> {
  const path = { tariffId };
  const [tariff, draft] = await Promise.all([
    assets.get("/api/v1/tariffs/{tariffId}", { path, signal }),
    assets.get("/api/v1/tariffs/{tariffId}/draft", { path, signal }).catch(unless("TARIFF_DRAFT_NOT_FOUND")),
  ]);
  if (draft !== null && from === 0) return { tariff, draft, prices: edited(draft.priceList) };
  const version = from > 0
    ? await assets.get("/api/v1/tariffs/{tariffId}/versions/{number}", { path: { tariffId, number: from }, signal })
    : (await assets.get("/api/v1/tariffs/{tariffId}/versions", { path, query: { limit: 1 }, signal })).items[0];
  return { tariff, draft, prices: version === undefined ? blank(Intl.DateTimeFormat().resolvedOptions().timeZone) : edited(version.priceList) };
}

export function DraftPage({ id }: { readonly id: string }): JSX.Element {
  const from = Number(query.value.get("from") ?? 0) || 0;
  const [turn, setTurn] = useState(0);
  const loaded = useResource(`${id}-${from}-${turn}`, (signal) => load(id, from, signal));
  return (
    <Shown whole of={loaded} rows={8}>
      {(value) => <Editor key={`${from}-${turn}`} loaded={value} onReload={() => setTurn(turn + 1)} />}
    </Shown>
  );
}

function Editor({ loaded: { tariff, draft, prices: begun }, onReload }: { readonly loaded: Loaded; readonly onReload: () => void }): JSX.Element {
  const before = useMemo(() => kept(tariff.id), []);
  const [prices, setPrices] = useState(before?.prices ?? begun);
  // Where the edit began, for a comparison with what others saved meanwhile.
  const [base, setBase] = useState(() => {
    if (draft === null) return { revision: 0, prices: begun };
    return before === null ? { revision: draft.revision, prices: edited(draft.priceList) } : { revision: before.revision, prices: before.base };
  });
  const [saved, setSaved] = useState({ revision: draft?.revision ?? 0, number: draft?.number ?? 0, prices: draft === null ? null : edited(draft.priceList), draft });
  // Edits that are kept from before a reload may be older than the draft.
  const [theirs, setTheirs] = useState<TariffDraft | null>(before !== null && before.revision !== (draft?.revision ?? 0) ? draft : null);
  const [selected, setSelected] = useState(0);
  const [publishing, setPublishing] = useState(false);
  const [restored, setRestored] = useState(before !== null);
  const check = useCheck(prices, tariff.currency);
  const sending = useSending();
  const disabled = !may("tariffs:write");
  const dirty = useMemo(() => saved.prices === null || JSON.stringify(sent(prices)) !== JSON.stringify(sent(saved.prices)), [prices, saved]);
  const findings = useMemo(() => merged(check, sending.problem), [check, sending.problem]);
  const change = (next: Prices) => {
    setPrices(next);
    sending.clear();
    keep(tariff.id, { at: Date.now(), revision: base.revision, base: base.prices, prices: next });
  };
  const take = (now: TariffDraft) => {
    drop(tariff.id);
    setRestored(false);
    setTheirs(null);
    setBase({ revision: now.revision, prices: edited(now.priceList) });
    setSaved({ revision: now.revision, number: now.number, prices: edited(now.priceList), draft: now });
  };
  const save = () => sending.send(async () => {
    const path = { tariffId: tariff.id };
    try {
      const now = await assets.put("/api/v1/tariffs/{tariffId}/draft", { path, body: sent(prices), headers: base.revision === 0 ? onlyCreate : ifMatch(base.revision) });
      take(now);
      // The API may write a number in another form; what was typed meanwhile stays.
      setPrices((current) => (current === prices ? edited(now.priceList) : current));
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "VERSION_MISMATCH") throw error;
      setTheirs(await assets.get("/api/v1/tariffs/{tariffId}/draft", { path }));
    }
  });
  const part = { prices, findings, disabled, onChange: change };
  return (
    <>
      <Title text={`${tariff.name} · ${t("versionState.Draft")}`} />
      <div class="page-head">
        <div>
          <p class="crumb"><a href={to.tariff(tariff.id)}>{tariff.name}</a></p>
          <h1>{saved.number === 0 ? t("draft.new") : t("draft.title", { n: saved.number })}</h1>
        </div>
        {saved.revision === 0 || disabled ? null : (
          <Confirmed
            text={t("draft.discard")} ask={t("draft.discardAsk")} scope={null} onDone={() => undefined}
            act={async () => {
              await assets.delete("/api/v1/tariffs/{tariffId}/draft", { path: { tariffId: tariff.id }, headers: ifMatch(saved.revision) });
              drop(tariff.id);
              go(to.tariff(tariff.id));
            }}
          />
        )}
      </div>
      {disabled ? <div class="notice">{t("draft.readOnly")}</div> : null}
      {restored && before !== null ? (
        <div class="notice warn" role="status" data-restored>
          {t("draft.restored", { time: clockShort(before.at) })}
          <button
            type="button" class="button slim" onClick={() => {
              drop(tariff.id);
              onReload();
            }}
          >
            {t("draft.restoredDrop")}
          </button>
        </div>
      ) : null}
      {saved.draft === null ? null : <ProposalNotice draft={saved.draft} disabled={disabled || dirty} onChange={(now) => setSaved({ ...saved, draft: now })} />}
      <GeneralForm {...part} />
      <HolidaysForm {...part} />
      <SchedulesForm {...part} selected={selected} onSelect={setSelected} />
      <Week prices={prices} disabled={disabled} onChange={change} onSelect={setSelected} />
      {saved.draft === null ? null : (
        <>
          {dirty ? <div class="notice">{t("whatIf.savedOnly")}</div> : null}
          <WhatIfCard tariffId={tariff.id} number={saved.draft.number} />
        </>
      )}
      {theirs === null ? null : (
        <DraftConflict
          theirs={theirs} form={{
            base: base.prices, version: base.revision, values: prices,
            rebase: (now, revision, decided) => {
              take(theirs);
              setPrices(decided);
              if (!same(now, decided)) keep(tariff.id, { at: Date.now(), revision, base: now, prices: decided });
            },
          }}
        />
      )}
      {sending.problem === null ? null : <Refused problem={sending.problem} />}
      <Foot check={check} findings={findings} dirty={dirty} revision={saved.revision} onFault={setSelected}>
        {disabled ? null : <button type="button" class="button primary" disabled={!dirty || sending.busy || theirs !== null} onClick={save}>{t("draft.save")}</button>}
        {disabled ? null : <button type="button" class="button" disabled={dirty || saved.revision === 0 || theirs !== null} title={dirty ? t("publish.unsaved") : undefined} onClick={() => setPublishing(true)}>{t("publish.open")}</button>}
      </Foot>
      {publishing && saved.draft !== null ? (
        <PublishDialog
          draft={saved.draft} onClose={() => setPublishing(false)}
          onRequested={(now) => {
            setPublishing(false);
            setSaved({ ...saved, draft: now });
          }}
        />
      ) : null}
    </>
  );
}

/** The findings of the check; after a refused save those of the refusal. */
function merged(check: Check, problem: Problem | null): Findings {
  return problem !== null && problem.faults.length > 0 ? byPath(problem.faults) : check.state === "failed" ? NONE : check.findings;
}

/** The state of the check, from which a fault is reached, and the buttons. */
function Foot({ check, findings, dirty, revision, onFault, children }: {
  readonly check: Check;
  readonly findings: Findings;
  readonly dirty: boolean;
  readonly revision: number;
  readonly onFault: (schedule: number) => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  const [next, setNext] = useState(0);
  const paths = [...findings.keys()];
  const jump = () => {
    const path = paths[next % Math.max(1, paths.length)];
    if (path === undefined) return;
    setNext(next + 1);
    const schedule = scheduleOf(path);
    if (schedule !== null) onFault(schedule);
    requestAnimationFrame(() => requestAnimationFrame(() => focusAt(path)));
  };
  const faults = [...findings.values()].reduce((sum, messages) => sum + messages.length, 0);
  return (
    <div class="editing-foot" data-check={check.state}>
      <span role="status">
        {check.state === "failed" && check.problem !== null ? t("check.failed", { why: meaning(check.problem) }) : check.state === "running" ? t("check.running") : faults === 0 ? t("check.valid") : ""}
      </span>
      {faults === 0 ? null : <button type="button" class="button slim danger" data-faults={faults} onClick={jump}>{t("check.faults", { n: faults })}</button>}
      <span class="soft" data-saved={!dirty}>{dirty ? t("draft.unsaved") : t("draft.saved", { n: revision })}</span>
      {children}
    </div>
  );
}

/** Moves the focus to the entry of a path, or to the nearest part around it. */
function focusAt(path: string): void {
  for (let here = path; here !== ""; here = here.replace(/(^|\.)\w+$|\[\d+\]$/, "")) {
    const found = document.querySelector(`[data-path="${CSS.escape(here)}"]`);
    if (found instanceof HTMLElement) {
      found.focus();
      found.scrollIntoView({ block: "center" });
      return;
    }
  }
}
