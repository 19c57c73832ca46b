// A week of prices: each day has the bands of the schedule that applies on it. Moving an edge edits
// that schedule.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Field } from "../design/field.tsx";
import { named, t } from "../i18n/language.ts";
import { dateOf, dayAfter } from "../live/days.ts";
import { DayStrip, Hours, inWords } from "./day-strip.tsx";
import { type Prices, mondayOf, replaced, scheduleOn, weekdayOf } from "./price-list.ts";

export function Week({ prices, disabled, onChange, onSelect }: {
  readonly prices: Prices;
  readonly disabled: boolean;
  readonly onChange: (prices: Prices) => void;
  /** Shows the schedule with this index. */
  readonly onSelect: (index: number) => void;
}): JSX.Element {
  const [monday, setMonday] = useState(() => mondayOf(dateOf(new Date())));
  const { schedules, holidays } = prices;
  return (
    <section class="card" aria-labelledby="week">
      <div class="card-head">
        <h2 id="week">{t("week.title")}</h2>
        <div class="filters">
          <button type="button" class="button slim" aria-label={t("week.earlier")} onClick={() => setMonday(dayAfter(monday, -7))}>‹</button>
          <Field label={t("week.of")}>
            {(id) => <input id={id} type="date" class="input" value={monday} onChange={(event) => { if (event.currentTarget.value !== "") setMonday(mondayOf(event.currentTarget.value)); }} />}
          </Field>
          <button type="button" class="button slim" aria-label={t("week.later")} onClick={() => setMonday(dayAfter(monday, 7))}>›</button>
        </div>
      </div>
      <div class="card-body week">
        {Array.from({ length: 7 }, (_none, index) => dayAfter(monday, index)).map((date) => {
          const index = scheduleOn(prices, date);
          const schedule = schedules[index];
          return schedule === undefined ? null : (
            <div key={date} class="week-day" data-day={date} data-applies={index}>
              <div class="small">
                {named("weekday", weekdayOf(date))} <span class="num">{date.slice(5)}</span>{holidays.includes(date) ? <span class="tag">{t("week.holiday")}</span> : null}
                <br /><button type="button" class="button slim quiet" onClick={() => onSelect(index)}>{t("schedule.name", { n: index + 1 })}</button>
              </div>
              <DayStrip
                bands={schedule.bands} label={t("week.day", { date, n: index + 1, bands: inWords(schedule.bands) })}
                onChange={disabled ? undefined : (bands) => onChange({ ...prices, schedules: replaced(schedules, index, { ...schedule, bands }) })}
              />
            </div>
          );
        })}
        <div class="week-day"><span /><Hours /></div>
      </div>
    </section>
  );
}
