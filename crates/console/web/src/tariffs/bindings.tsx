// What a tariff prices: its bindings, which are created and ended here.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { limits } from "../../generated/limits.ts";
import { assets } from "../api/client.ts";
import type { Binding, Subject, Tariff } from "../api/types.ts";
import { to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { ofLocal } from "../audit/filter.ts";
import { Dialog } from "../design/dialog.tsx";
import { Empty, Failed, Loading } from "../design/states.tsx";
import { FormFrame } from "../forms/frame.tsx";
import { TimeInput } from "../forms/inputs.tsx";
import { useForm } from "../forms/use-form.ts";
import { moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { useResource } from "../live/resource.ts";
import { BindDialog } from "./bind-dialog.tsx";
import { phaseOf } from "./clashes.ts";

const PAGE = 50;

export function Bindings({ tariff }: { readonly tariff: Tariff }): JSX.Element {
  const list = useMore<Binding>(tariff.id, (cursor, signal) => assets.get("/api/v1/tariffs/bindings", { query: { tariffId: tariff.id, cursor, limit: PAGE }, signal }), ({ id }) => id);
  const [binding, setBinding] = useState(false);
  const writes = may("tariffs:write");
  const active = tariff.status === "Active" && tariff.retiredAt === null;
  const why = !writes ? t("nav.forbidden", { scope: "tariffs:write" }) : active ? undefined : t("binding.notActive");
  return (
    <section class="card" aria-labelledby="bindings">
      <div class="card-head">
        <h2 id="bindings">{t("bindings.title")}</h2>
        <button type="button" class="button slim" disabled={why !== undefined} title={why} onClick={() => setBinding(true)}>{t("bindings.new")}</button>
      </div>
      <div class="card-body stack">
        <p class="soft">{t("bindings.lead")}{active ? "" : ` ${t("binding.notActive")}`}</p>
        {list.items === undefined ? (list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />)
          : list.items.length === 0 ? <Empty title={t("bindings.none")} /> : <BindingTable bindings={list.items} writes={writes} onEnded={list.refresh} />}
        {list.more ? <button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button> : null}
      </div>
      {binding ? (
        <BindDialog
          tariff={tariff} onClose={() => setBinding(false)}
          onBound={() => {
            setBinding(false);
            list.refresh();
          }}
        />
      ) : null}
    </section>
  );
}

function BindingTable({ bindings, writes, onEnded }: { readonly bindings: readonly Binding[]; readonly writes: boolean; readonly onEnded: () => void }): JSX.Element {
  const [ending, setEnding] = useState<Binding | null>(null);
  const now = Date.now();
  return (
    <div class="scroll-x" tabIndex={0} role="group" aria-label={t("bindings.title")}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t("binding.level")}</th><th scope="col">{t("binding.subject")}</th><th scope="col">{t("binding.from")}</th>
            <th scope="col">{t("binding.until")}</th><th scope="col">{t("version.state")}</th><th scope="col">{t("band.actions")}</th>
          </tr>
        </thead>
        <tbody>
          {bindings.map((binding) => {
            const phase = phaseOf(binding, now);
            return (
              <tr key={binding.id} data-binding={binding.id} data-phase={phase}>
                <td>{named("price.level", binding.subject.level)}</td>
                <td class="wide"><SubjectName subject={binding.subject} /></td>
                <td class="nowrap">{moment(binding.effectiveFrom)}</td>
                <td class="nowrap">{binding.effectiveUntil === null || binding.effectiveUntil === undefined ? t("binding.open") : moment(binding.effectiveUntil)}</td>
                <td><span class={phase === "inForce" ? "tag good" : "tag plain"}>{t(`binding.${phase}`)}</span></td>
                <td>{phase === "over" || !writes ? null : <button type="button" class="button slim" onClick={() => setEnding(binding)}>{t("binding.end")}</button>}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {ending === null ? null : (
        <EndDialog
          binding={ending} onClose={() => setEnding(null)}
          onEnded={() => {
            setEnding(null);
            onEnded();
          }}
        />
      )}
    </div>
  );
}

/** The name of what is bound, with a link to its page. */
function SubjectName({ subject }: { readonly subject: Subject }): JSX.Element {
  const station = subject.level === "station" ? subject.stationId : null;
  const pile = subject.level === "pile" || subject.level === "connector" ? subject.pileId : null;
  const reads = may("assets:read");
  const name = useResource(reads ? station ?? pile : null, async (signal) => {
    if (station !== null) return (await assets.get("/api/v1/stations/{stationId}", { path: { stationId: station }, signal })).name;
    const found = await assets.get("/api/v1/piles/{pileId}", { path: { pileId: pile ?? "" }, signal });
    return found.name ?? found.chargePointId;
  });
  if (subject.level === "platform") return <>{t("binding.everything")}</>;
  if (subject.level === "operator") return <>{subject.operatorId}</>;
  const id = station ?? pile ?? "";
  return (
    <>
      <a href={station === null ? to.pile(id) : to.station(id)}>{name.value ?? id}</a>
      {subject.level === "connector" ? ` · ${t("binding.pileConnector", { n: subject.connectorId })}` : null}
    </>
  );
}

function EndDialog({ binding, onEnded, onClose }: { readonly binding: Binding; readonly onEnded: () => void; readonly onClose: () => void }): JSX.Element {
  const form = useForm({ name: `binding.end.${binding.id}`, version: 0, base: { until: "" }, check: () => [] });
  const { until } = form.values;
  const end = async (signal: AbortSignal) => {
    const body = until === "" ? {} : { effectiveUntil: ofLocal(until) };
    await assets.post("/api/v1/tariffs/bindings/{bindingId}/end", { path: { bindingId: binding.id }, body, signal });
    onEnded();
  };
  return (
    <Dialog title={t("binding.endTitle")} onClose={onClose}>
      <FormFrame form={form} label={t("binding.endTitle")} save={t("binding.end")} cancel={onClose} fields={["effectiveUntil"]} act={end}>
        <p><SubjectName subject={binding.subject} /></p>
        <TimeInput
          label={t("binding.endAt")} limit={limits.EndOfBinding.effectiveUntil} value={until} fault={form.fault("effectiveUntil")} hint={t("binding.endHint")}
          onEnter={(text) => form.set("until", text)} onLeave={() => form.touch("effectiveUntil")}
        />
      </FormFrame>
    </Dialog>
  );
}
