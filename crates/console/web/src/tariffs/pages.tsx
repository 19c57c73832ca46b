// The pages of tariffs. Their code is loaded when the first of them is shown.

import type { JSX } from "preact";
import type { TariffRoute } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { Forbidden } from "../design/states.tsx";
import { CalendarPage } from "./calendar.tsx";
import { DraftPage } from "./editor.tsx";
import { TariffsPage } from "./list.tsx";
import { TariffPage } from "./page.tsx";
import { VersionPage } from "./version.tsx";
import { t } from "../i18n/language.ts";

export function TariffPages({ of }: { readonly of: TariffRoute }): JSX.Element {
  if (!may("tariffs:read")) return <section class="card"><Title text={t("list.title")} /><Forbidden whole scope="tariffs:read" /></section>;
  switch (of.page) {
    case "tariffs":
      return <TariffsPage />;
    case "tariff":
      return <TariffPage id={of.id} />;
    case "draft":
      return <DraftPage id={of.id} />;
    case "version":
      return <VersionPage id={of.id} number={of.number} />;
    case "prices":
      return <CalendarPage stationId={of.id} />;
  }
}
