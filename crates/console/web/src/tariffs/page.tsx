// The page of a tariff: its details, its versions and what it prices.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assets, ifMatch } from "../api/client.ts";
import type { Tariff, TariffVersion } from "../api/types.ts";
import { go, to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Confirmed } from "../design/confirmed.tsx";
import { Empty, Failed, Loading, Shown } from "../design/states.tsx";
import { moment } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { useMore } from "../live/more.ts";
import { type Resource, useResource } from "../live/resource.ts";
import { Bindings } from "./bindings.tsx";
import { EditTariff } from "./details.tsx";
import { AwaitsTag, StatusTag } from "./list.tsx";
import { StateTag } from "./version.tsx";

const PAGE = 20;

export function TariffPage({ id }: { readonly id: string }): JSX.Element {
  const found = useResource(id, (signal) => assets.get("/api/v1/tariffs/{tariffId}", { path: { tariffId: id }, signal }));
  return (
    <Shown whole of={found} rows={6}>
      {(tariff) => (
        <>
          <Title text={tariff.name} />
          <Head tariff={tariff} of={found} />
          <Versions tariff={tariff} />
          <Bindings tariff={tariff} />
        </>
      )}
    </Shown>
  );
}

function Head({ tariff, of }: { readonly tariff: Tariff; readonly of: Resource<Tariff> }): JSX.Element {
  const [editing, setEditing] = useState(false);
  const writes = may("tariffs:write");
  const path = { tariffId: tariff.id };
  return (
    <>
      <div class="page-head">
        <div>
          <p class="crumb"><a href={to.tariffs}>{t("list.title")}</a></p>
          <h1>{tariff.name} <StatusTag tariff={tariff} /> <AwaitsTag tariff={tariff} /></h1>
        </div>
        {tariff.retiredAt === null ? (
          <div class="buttons">
            <button type="button" class="button slim" disabled={!writes} title={writes ? undefined : t("nav.forbidden", { scope: "tariffs:write" })} onClick={() => setEditing(true)}>{t("tariff.edit")}</button>
            <Confirmed
              text={t("tariff.retire")} ask={t("tariff.retireAsk")} scope={writes ? null : "tariffs:write"} onDone={of.reload}
              act={() => assets.delete("/api/v1/tariffs/{tariffId}", { path, headers: ifMatch(tariff.version) }).then(() => go(to.tariffs))}
            />
          </div>
        ) : null}
      </div>
      <section class="card card-body">
        <dl class="facts">
          <div><dt>{t("tariff.operator")}</dt><dd>{tariff.operatorId ?? t("tariff.everyOperator")}</dd></div>
          <div><dt>{t("tariff.currency")}</dt><dd>{tariff.currency}</dd></div>
          <div><dt>{t("tariff.changeRule")}</dt><dd>{named("changeRule", tariff.changeRule ?? "FrozenAtStart")}</dd></div>
          <div><dt>{t("tariff.updated")}</dt><dd>{moment(tariff.updatedAt)}</dd></div>
        </dl>
      </section>
      {editing ? (
        <EditTariff
          tariff={tariff} onClose={() => setEditing(false)}
          onSaved={() => {
            setEditing(false);
            of.reload();
          }}
        />
      ) : null}
    </>
  );
}

function Versions({ tariff }: { readonly tariff: Tariff }): JSX.Element {
  const list = useMore<TariffVersion>(tariff.id, (cursor, signal) => assets.get("/api/v1/tariffs/{tariffId}/versions", { path: { tariffId: tariff.id }, query: { cursor, limit: PAGE }, signal }), ({ number }) => String(number));
  const drafted = list.items?.some(({ state }) => state === "Draft") === true;
  return (
    <section class="card" aria-labelledby="versions">
      <div class="card-head">
        <h2 id="versions">{t("versions.title")}</h2>
        {tariff.retiredAt === null && may("tariffs:write") && list.items !== undefined ? <a class="button slim" href={to.draft(tariff.id)}>{drafted ? t("draft.open") : t("draft.new")}</a> : null}
      </div>
      <div class="card-body">
        {list.items === undefined ? (list.problem === undefined ? <Loading /> : <Failed problem={list.problem} retry={list.refresh} />)
          : list.items.length === 0 ? <Empty title={t("versions.none")}>{t("versions.noneText")}</Empty> : <VersionTable versions={list.items} />}
        {list.more ? <button type="button" class="button slim" onClick={list.next}>{t("state.more")}</button> : null}
      </div>
    </section>
  );
}

function VersionTable({ versions }: { readonly versions: readonly TariffVersion[] }): JSX.Element {
  return (
    <div class="scroll-x" tabIndex={0} role="group" aria-label={t("versions.title")}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t("version.number")}</th><th scope="col">{t("version.state")}</th><th scope="col">{t("version.from")}</th>
            <th scope="col">{t("version.until")}</th><th scope="col">{t("version.by")}</th>
          </tr>
        </thead>
        <tbody>
          {versions.map(({ tariffId, number, state, effectiveFrom, supersededFrom, publishedBy }) => (
            <tr key={number} data-version={state}>
              <td><a href={to.version(tariffId, number)}>{t("version.title", { n: number })}</a></td>
              <td><StateTag state={state} /></td>
              <td class="nowrap">{effectiveFrom === null ? "–" : moment(effectiveFrom)}</td>
              <td class="nowrap">{supersededFrom === null ? (state === "Draft" ? "–" : t("binding.open")) : moment(supersededFrom)}</td>
              <td>{publishedBy ?? "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
