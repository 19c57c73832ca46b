// The list of tariffs, the newest first, and the dialog that creates one.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import type { Tariff } from "../api/types.ts";
import { query, remember, to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Field, Select } from "../design/field.tsx";
import { Empty, Failed, Loading } from "../design/states.tsx";
import { moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { NewTariff } from "./details.tsx";

const PAGE = 50;

export function TariffsPage(): JSX.Element {
  const [creating, setCreating] = useState(false);
  const writes = may("tariffs:write");
  return (
    <>
      <Title text={t("list.title")} />
      <div class="page-head">
        <div><h1>{t("list.title")}</h1><p class="soft">{t("list.lead")}</p></div>
        <button type="button" class="button primary" disabled={!writes} title={writes ? undefined : t("nav.forbidden", { scope: "tariffs:write" })} onClick={() => setCreating(true)}>{t("list.new")}</button>
      </div>
      <section class="card" aria-label={t("list.title")}>
        <div class="card-body stack"><Filters /><Tariffs /></div>
      </section>
      {creating ? <NewTariff onClose={() => setCreating(false)} /> : null}
    </>
  );
}

/** The filters of the address. */
function asked(): { readonly operatorId: string; readonly status: "" | "Draft" | "Active"; readonly retired: boolean; readonly awaits: boolean } {
  const status = query.value.get("status");
  return {
    operatorId: query.value.get("operator") ?? "", status: status === "Draft" || status === "Active" ? status : "",
    retired: query.value.get("retired") === "true", awaits: query.value.get("awaits") === "approval",
  };
}

function Filters(): JSX.Element {
  const { operatorId, status, retired, awaits } = asked();
  return (
    <div class="filters">
      <Field label={t("tariff.operator")} grow>
        {(id) => <input id={id} class="input" value={operatorId} maxLength={200} autocomplete="off" onChange={(event) => remember({ operator: event.currentTarget.value.trim() })} />}
      </Field>
      <Select
        label={t("tariff.status")} value={status} onChange={(value) => remember({ status: value })}
        choices={[{ value: "", text: t("list.anyStatus") }, ...["Active", "Draft"].map((value) => ({ value, text: named("tariffStatus", value) }))]}
      />
      <Select
        label={t("list.shown")} value={String(retired)} onChange={(value) => remember({ retired: value === "true" ? value : undefined })}
        choices={[{ value: "false", text: t("list.current") }, { value: "true", text: t("list.retired") }]}
      />
      <Select
        label={t("list.approval")} value={awaits ? "approval" : ""} onChange={(value) => remember({ awaits: value })}
        choices={[{ value: "", text: t("list.anyApproval") }, { value: "approval", text: t("list.awaits") }]}
      />
    </div>
  );
}

function Tariffs(): JSX.Element {
  const { operatorId, status, retired, awaits } = asked();
  const filter = { operatorId: operatorId === "" ? undefined : operatorId, status: status === "" ? undefined : status, retired, awaitsApproval: awaits ? true : undefined };
  const list = useMore<Tariff>(JSON.stringify(filter), (cursor, signal) => assets.get("/api/v1/tariffs", { query: { ...filter, cursor, limit: PAGE }, signal }), ({ id }) => id);
  if (list.items === undefined) return list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />;
  if (list.items.length === 0) return <Empty title={t("list.none")} />;
  return (
    <>
      <div class="scroll-x" tabIndex={0} role="group" aria-label={t("list.title")}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t("tariff.name")}</th><th scope="col">{t("tariff.status")}</th><th scope="col">{t("tariff.operator")}</th>
              <th scope="col">{t("tariff.currency")}</th><th scope="col">{t("tariff.changeRule")}</th><th scope="col">{t("tariff.updated")}</th>
            </tr>
          </thead>
          <tbody>{list.items.map((tariff) => <Row key={tariff.id} tariff={tariff} />)}</tbody>
        </table>
      </div>
      <div class="buttons">
        {list.more ? <button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button> : null}
        <button type="button" class="button slim" onClick={list.refresh}>{t("audit.refresh")}</button>
      </div>
    </>
  );
}

function Row({ tariff }: { readonly tariff: Tariff }): JSX.Element {
  return (
    <tr data-tariff={tariff.id}>
      <td class="wide"><a href={to.tariff(tariff.id)}>{tariff.name}</a></td>
      <td><StatusTag tariff={tariff} /> <AwaitsTag tariff={tariff} /></td>
      <td>{tariff.operatorId ?? <span class="soft">{t("tariff.everyOperator")}</span>}</td>
      <td>{tariff.currency}</td>
      <td>{named("changeRule", tariff.changeRule ?? "FrozenAtStart")}</td>
      <td class="nowrap">{moment(tariff.updatedAt)}</td>
    </tr>
  );
}

/** The way to a draft whose publication another person approves. */
export function AwaitsTag({ tariff: { id, awaitsApproval } }: { readonly tariff: Tariff }): JSX.Element | null {
  return awaitsApproval ? <a class="tag warn" href={to.draft(id)} data-awaits={id}>{t("list.awaits")}</a> : null;
}

export function StatusTag({ tariff: { status, retiredAt } }: { readonly tariff: Tariff }): JSX.Element {
  if (retiredAt !== null) return <span class="tag bad">{t("list.retired")}</span>;
  return <span class={status === "Active" ? "tag good" : "tag"}>{named("tariffStatus", status ?? "Draft")}</span>;
}
