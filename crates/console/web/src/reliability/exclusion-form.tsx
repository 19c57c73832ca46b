// The fields of an exclusion: the place, the time, the reason and a note.

import type { JSX } from "preact";
import { limits } from "../../generated/limits.ts";
import { assets } from "../api/client.ts";
import type { Pile } from "../api/types.ts";
import { asLocal, ofLocal } from "../audit/filter.ts";
import { ChoiceInput, Control, Group, TextInput } from "../forms/inputs.tsx";
import { StationChoice } from "../forms/station-choice.tsx";
import type { Form } from "../forms/use-form.ts";
import { named, t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";
import type { ExclusionValues } from "./exclusion-values.ts";

const LIMITS = limits.NewExclusion;
/** The most piles that are offered, in the order of the list. */
const OFFERED = 200;

/** The fields of the API that this form shows. */
export const EXCLUSION_FIELDS = Object.keys(LIMITS);

export function ExclusionFields({ form }: { readonly form: Form<ExclusionValues> }): JSX.Element {
  const { values, set } = form;
  const time = (field: "from" | "until") => (
    <Control label={t(`exclusion.${field}`)} limit={LIMITS[field]} fault={form.fault(field)}>
      {(attributes) => (
        <input
          {...attributes} type="datetime-local" class="input" value={asLocal(values[field])} onBlur={() => form.touch(field)}
          onChange={(event) => set(field, ofLocal(event.currentTarget.value))}
        />
      )}
    </Control>
  );
  return (
    <>
      <PlaceFields form={form} />
      <Group title={t("exclusion.time")} hint={t("exclusion.timeHint")}>
        <div class="form-row">{time("from")}{time("until")}</div>
      </Group>
      <ChoiceInput
        label={t("exclusion.reason")} limit={LIMITS.reason} value={values.reason} fault={form.fault("reason")} none={t("form.choose")}
        onChoose={(reason) => set("reason", reason)} onLeave={() => form.touch("reason")} textOf={(reason) => named("exclusionReason", reason)}
      />
      <TextInput
        label={t("exclusion.note")} limit={LIMITS.note} value={values.note} fault={form.fault("note")} hint={t("exclusion.noteHint")}
        onEnter={(entered) => set("note", entered)} onLeave={() => form.touch("note")}
      />
    </>
  );
}

/** The station, and within it all piles or one, and of a pile all connectors or one. */
function PlaceFields({ form }: { readonly form: Form<ExclusionValues> }): JSX.Element {
  const { values: { stationId, stationName, pileId, connectorId }, set } = form;
  const piles = useResource<readonly Pile[]>(
    stationId === "" ? null : stationId, async (signal) => (await assets.get("/api/v1/piles", { query: { stationId, limit: OFFERED }, signal })).items,
  );
  const connectors = piles.value?.find(({ id }) => id === pileId)?.connectors.map((one) => String(one.connectorId)) ?? [];
  const nameOf = (id: string) => {
    const pile = piles.value?.find((one) => one.id === id);
    return pile === undefined ? id : [pile.name, pile.chargePointId].filter((text) => text !== null && text !== undefined).join(" · ");
  };
  // The chosen ones are offered until the list is loaded, and if it does not have them.
  const offered = (chosen: string, found: readonly string[]) => (chosen === "" || found.includes(chosen) ? found : [chosen, ...found]);
  return (
    <Group title={t("exclusion.place")}>
      <StationChoice
        value={{ id: stationId, name: stationName }} fault={form.fault("stationId")} onLeave={() => form.touch("stationId")}
        onChoose={(chosen) => {
          set("stationId", chosen.id);
          set("stationName", chosen.name);
          set("pileId", "");
          set("connectorId", "");
        }}
      />
      <div class="form-row">
        <ChoiceInput
          label={t("col.pile")} limit={{ kind: "choice", choices: offered(pileId, piles.value?.map(({ id }) => id) ?? []) }} value={pileId} fault={form.fault("pileId")}
          none={t("exclusion.allPiles")} textOf={nameOf} hint={piles.value?.length === OFFERED ? t("exclusion.pilesCut", { n: OFFERED }) : undefined}
          onChoose={(chosen) => {
            set("pileId", chosen);
            set("connectorId", "");
          }}
        />
        {pileId === "" ? null : (
          <ChoiceInput
            label={t("exclusion.connector")} limit={{ kind: "choice", choices: offered(connectorId, connectors) }} value={connectorId} fault={form.fault("connectorId")}
            none={t("exclusion.allConnectors")} textOf={(number) => number} onChoose={(chosen) => set("connectorId", chosen)}
          />
        )}
      </div>
    </Group>
  );
}
