// Opening hours: not stated, always, or periods of the week.

import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { limits } from "../../generated/limits.ts";
import { ChoiceInput, Group, Radios, TextInput } from "../forms/inputs.tsx";
import type { Form } from "../forms/use-form.ts";
import { named, t } from "../i18n/language.ts";
import { type Hours, MAX_PERIODS, type Period, WEEKDAYS, periodPath, repeated, tidyTime } from "./opening-hours.ts";
import type { StationValues } from "./station-values.ts";

const KINDS = ["none", "always", "weekly"] as const;
const FIRST: Period = { weekday: "Monday", from: "08:00", to: "22:00" };

export function HoursEditor({ form }: { readonly form: Form<StationValues> }): JSX.Element {
  const name = useId();
  const { kind, periods } = form.values.openingHours;
  const put = (change: Partial<Hours>) => form.set("openingHours", { kind, periods, ...change });
  const choose = (chosen: string) => {
    const next = KINDS.find((one) => one === chosen) ?? "none";
    put({ kind: next, ...(next === "weekly" && periods.length === 0 ? { periods: repeated([FIRST]) } : {}) });
  };
  return (
    <Group title={t("station.hours")} fault={form.fault("openingHours") ?? form.faultWithin("openingHours")}>
      <Radios name={name} value={kind} onChoose={choose} choices={KINDS.map((one) => ({ value: one, text: t(`hours.${one}`) }))} />
      {kind !== "weekly" ? null : (
        <>
          <p class="soft small">{t("hours.hint")}</p>
          {periods.map((period, at) => (
            <PeriodRow
              key={at} at={at} period={period} form={form}
              onChange={(changed) => put({ periods: periods.with(at, changed) })}
              onRemove={() => put({ periods: periods.filter((_other, other) => other !== at) })}
            />
          ))}
          <div class="buttons">
            <button type="button" class="button slim" disabled={periods.length >= MAX_PERIODS} onClick={() => put({ periods: [...periods, next(periods)] })}>{t("hours.add")}</button>
            <button
              type="button" class="button slim" disabled={periods.length === 0 || WEEKDAYS.every((day) => periods.some(({ weekday }) => weekday === day))}
              onClick={() => put({ periods: repeated(periods) })}
            >
              {t("hours.repeat")}
            </button>
          </div>
        </>
      )}
    </Group>
  );
}

/** A period for the day after the last one, with its times. */
function next(periods: readonly Period[]): Period {
  const last = periods.at(-1);
  if (last === undefined) return FIRST;
  const day = WEEKDAYS.findIndex((weekday) => weekday === last.weekday);
  return { ...last, weekday: WEEKDAYS[(day + 1) % WEEKDAYS.length] ?? last.weekday };
}

function PeriodRow({ at, period, form, onChange, onRemove }: {
  readonly at: number;
  readonly period: Period;
  readonly form: Form<StationValues>;
  readonly onChange: (period: Period) => void;
  readonly onRemove: () => void;
}): JSX.Element {
  const path = periodPath(at);
  const time = (part: "from" | "to") => (
    <TextInput
      label={t(`hours.${part}`)} limit={limits.OpenPeriod[part]} value={period[part]} fault={form.fault(`${path}.${part}`)}
      onEnter={(text) => onChange({ ...period, [part]: text })}
      onLeave={() => {
        onChange({ ...period, [part]: tidyTime(period[part]) });
        form.touch(`${path}.${part}`);
      }}
    />
  );
  return (
    <div class="form-row part" role="group" aria-label={t("hours.period", { n: at + 1 })} data-period={at}>
      <ChoiceInput
        label={t("hours.weekday")} limit={limits.OpenPeriod.weekday} value={period.weekday} fault={form.fault(`${path}.weekday`)}
        onChoose={(weekday) => onChange({ ...period, weekday })} textOf={(weekday) => named("weekday", weekday)}
      />
      {time("from")}
      {time("to")}
      <button type="button" class="button slim" onClick={onRemove} aria-label={t("hours.remove", { n: at + 1 })}>{t("form.remove")}</button>
    </div>
  );
}
