// The schedules of a price list: their order, their conditions and their bands.

import type { JSX } from "preact";
import { Select } from "../design/field.tsx";
import { named, t } from "../i18n/language.ts";
import { BandsForm } from "./bands-form.tsx";
import { at, countWithin } from "./findings.ts";
import { Entry, Faults } from "./entry.tsx";
import type { Part } from "./general-form.tsx";
import { MOST, type Prices, type Schedule, WEEKDAYS, moved, replaced, without } from "./price-list.ts";
import { conditionsOf } from "./price-view.tsx";

interface Selection {
  /** The index of the schedule that is shown. */
  readonly selected: number;
  readonly onSelect: (index: number) => void;
}

export function SchedulesForm({ prices, findings, disabled, onChange, selected, onSelect }: Part & Selection): JSX.Element {
  const { schedules } = prices;
  const schedule = schedules[selected];
  return (
    <section class="card" aria-labelledby="schedules" data-path="schedules" tabIndex={-1}>
      <div class="card-head"><h2 id="schedules">{t("schedules.title")}</h2></div>
      <div class="card-body stack">
        <p class="soft">{t("schedules.lead")}</p>
        <Faults of={at(findings, "schedules")} />
        <div class="tabs" role="group" aria-label={t("schedules.title")}>
          {schedules.map((one, index) => {
            const faults = countWithin(findings, `schedules[${index}]`);
            return (
              <button key={index} type="button" class="button" aria-pressed={index === selected} data-schedule={index} onClick={() => onSelect(index)}>
                {t("schedule.name", { n: index + 1 })} <span class="small">{conditionsOf(one)}</span>
                {faults === 0 ? null : <span class="tag bad">{t("check.faults", { n: faults })}</span>}
              </button>
            );
          })}
        </div>
        {disabled ? null : <Order prices={prices} onChange={onChange} selected={selected} onSelect={onSelect} />}
        {schedule === undefined ? null : (
          <>
            <Conditions
              schedule={schedule} path={`schedules[${selected}]`} findings={findings} disabled={disabled}
              onChange={(next) => onChange({ ...prices, schedules: replaced(schedules, selected, next) })}
            />
            <BandsForm
              number={selected + 1} bands={schedule.bands} path={`schedules[${selected}].bands`} findings={findings} disabled={disabled}
              onChange={(bands) => onChange({ ...prices, schedules: replaced(schedules, selected, { ...schedule, bands }) })}
            />
          </>
        )}
      </div>
    </section>
  );
}

function Order({ prices, onChange, selected, onSelect }: Selection & { readonly prices: Prices; readonly onChange: (prices: Prices) => void }): JSX.Element {
  const { schedules } = prices;
  const schedule = schedules[selected];
  const put = (next: readonly Schedule[], select: number) => {
    onChange({ ...prices, schedules: next });
    onSelect(Math.max(0, Math.min(select, next.length - 1)));
  };
  const full = schedules.length >= MOST.schedules || schedule === undefined;
  return (
    <div class="buttons">
      <button type="button" class="button slim" disabled={full} onClick={() => { if (schedule !== undefined) put([{ ...schedule, seasons: [], weekdays: ["Saturday", "Sunday"], holiday: "any" }, ...schedules], 0); }}>{t("schedule.add")}</button>
      <button type="button" class="button slim" disabled={full} onClick={() => { if (schedule !== undefined) put(schedules.toSpliced(selected, 0, schedule), selected); }}>{t("schedule.copy")}</button>
      <button type="button" class="button slim" disabled={selected === 0} onClick={() => put(moved(schedules, selected, -1), selected - 1)}>{t("schedule.earlier")}</button>
      <button type="button" class="button slim" disabled={selected >= schedules.length - 1} onClick={() => put(moved(schedules, selected, 1), selected + 1)}>{t("schedule.later")}</button>
      <button type="button" class="button slim" disabled={schedules.length === 1} onClick={() => put(without(schedules, selected), selected)}>{t("schedule.remove")}</button>
    </div>
  );
}

interface OfSchedule extends Pick<Part, "findings" | "disabled"> {
  readonly schedule: Schedule;
  readonly path: string;
  readonly onChange: (schedule: Schedule) => void;
}

function Conditions({ schedule, path, findings, disabled, onChange }: OfSchedule): JSX.Element {
  const { weekdays, holiday } = schedule;
  const days = weekdays.flatMap((_day, index) => at(findings, `${path}.weekdays[${index}]`));
  return (
    <fieldset class="stack" data-path={path} tabIndex={-1} disabled={disabled}>
      <legend>{t("schedule.conditions")}</legend>
      <Faults of={at(findings, path)} />
      <Seasons schedule={schedule} path={path} findings={findings} disabled={disabled} onChange={onChange} />
      <div class="filters">
        <fieldset class="buttons" data-path={`${path}.weekdays`} tabIndex={-1}>
          <legend>{t("schedule.weekdays")}</legend>
          {WEEKDAYS.map((day) => (
            <label key={day} class="check">
              <input
                type="checkbox" checked={weekdays.includes(day)}
                onChange={(event) => onChange({ ...schedule, weekdays: WEEKDAYS.filter((one) => (one === day ? event.currentTarget.checked : weekdays.includes(one))) })}
              />
              {named("weekday", day)}
            </label>
          ))}
          <Faults of={[...at(findings, `${path}.weekdays`), ...days]} />
        </fieldset>
        <div data-path={`${path}.holiday`} tabIndex={-1}>
          <Select
            label={t("schedule.holiday")} value={holiday} choices={(["any", "only", "never"] as const).map((value) => ({ value, text: t(`holiday.${value}`) }))}
            onChange={(value) => onChange({ ...schedule, holiday: value as Schedule["holiday"] })}
          />
          <Faults of={at(findings, `${path}.holiday`)} />
        </div>
      </div>
    </fieldset>
  );
}

function Seasons({ schedule, path, findings, disabled, onChange }: OfSchedule): JSX.Element {
  const { seasons } = schedule;
  const put = (next: Schedule["seasons"]) => onChange({ ...schedule, seasons: next });
  return (
    <fieldset class="stack" data-path={`${path}.seasons`} tabIndex={-1}>
      <legend>{t("schedule.seasons")}</legend>
      <Faults of={at(findings, `${path}.seasons`)} />
      {seasons.map((season, index) => (
        <div key={index} class="filters">
          {(["from", "to"] as const).map((name) => (
            <Entry
              key={name} label={name === "from" ? t("schedule.seasonFrom") : t("schedule.seasonTo")} value={season[name]} path={`${path}.seasons[${index}].${name}`}
              faults={at(findings, `${path}.seasons[${index}].${name}`)} placeholder="07-01" onInput={(value) => put(replaced(seasons, index, { ...season, [name]: value.trim() }))}
            />
          ))}
          {disabled ? null : <button type="button" class="button slim" aria-label={t("schedule.removeSeason", { n: index + 1 })} onClick={() => put(without(seasons, index))}>{t("schedule.remove")}</button>}
        </div>
      ))}
      {disabled ? null : <div><button type="button" class="button slim" disabled={seasons.length >= MOST.seasons} onClick={() => put([...seasons, { from: "07-01", to: "08-31" }])}>{t("schedule.addSeason")}</button></div>}
    </fieldset>
  );
}
