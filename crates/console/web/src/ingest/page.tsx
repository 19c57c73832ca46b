// The ingest page: progress of partitions, dead letters and unregistered devices.

import type { JSX } from "preact";
import { bound, may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Bound, Forbidden } from "../design/states.tsx";
import { t } from "../i18n/language.ts";
import { DeadLetters } from "./dead-letters.tsx";
import { Partitions } from "./partitions.tsx";
import { UnregisteredDevices } from "./unregistered.tsx";

export function IngestPage(): JSX.Element {
  const operates = may("operations");
  if (bound()) return <section class="card"><Title text={t("ingest.title")} /><Bound whole /></section>;
  return (
    <>
      <Title text={t("ingest.title")} />
      <div class="page-head"><h1>{t("ingest.title")}</h1></div>
      <section class="card" aria-labelledby="partitions">
        <div class="card-head"><h2 id="partitions">{t("ingest.partitions")}</h2></div>
        {operates ? <Partitions /> : <Forbidden scope="operations" />}
      </section>
      <section class="card" aria-labelledby="letters">
        <div class="card-head"><h2 id="letters">{t("letters.title")}</h2></div>
        {operates ? <DeadLetters /> : <Forbidden scope="operations" />}
      </section>
      <section class="card" aria-labelledby="unregistered">
        <div class="card-head"><h2 id="unregistered">{t("unregistered.title")}</h2><p class="soft small">{t("unregistered.lead")}</p></div>
        {may("assets:read") ? <UnregisteredDevices /> : <Forbidden scope="assets:read" />}
      </section>
    </>
  );
}
