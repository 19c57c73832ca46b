// The price calendar of a station: a month, a row for each day.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { Timetable } from "../api/types.ts";
import { query, remember, to } from "../app/router.ts";
import { may } from "../app/session.ts";
import { Title } from "../app/title.tsx";
import { MonthField } from "../design/month-field.tsx";
import { Empty, Shown } from "../design/states.tsx";
import { named, t } from "../i18n/language.ts";
import { isMonth, monthAfter, monthOf } from "../live/days.ts";
import { useResource } from "../live/resource.ts";
import { DAY, clockOf } from "./bands.ts";
import { type CalendarDay, daysOf, daysOfMonth } from "./calendar-days.ts";
import { Hours } from "./day-strip.tsx";
import { weekdayOf } from "./price-list.ts";

/** The month of the address; the current one if it names none. */
function asked(): string {
  const month = query.value.get("month") ?? "";
  return isMonth(month) ? month : monthOf(new Date());
}

export function CalendarPage({ stationId }: { readonly stationId: string }): JSX.Element {
  const month = asked();
  const station = useResource(may("assets:read") ? stationId : null, (signal) => assets.get("/api/v1/stations/{stationId}", { path: { stationId }, signal }));
  // Null: no tariff applies at any time of the month.
  const timetable = useResource<Timetable | null>(`${stationId}-${month}`, (signal) =>
    assets.get("/api/v1/tariffs/timetable", { query: { stationId, ...daysOfMonth(month) }, signal }).catch((error: unknown) => {
      if (error instanceof Problem && error.code === "NO_TARIFF_APPLIES") return null;
      throw error;
    }));
  const name = station.value?.name ?? stationId;
  const turn = (value: string) => remember({ month: value });
  return (
    <>
      <Title text={t("calendar.of", { station: name })} />
      <div class="page-head">
        <div>
          <p class="crumb"><a href={to.station(stationId)}>{name}</a></p>
          <h1>{t("calendar.title")}</h1>
        </div>
        <div class="filters">
          <button type="button" class="button" aria-label={t("calendar.earlier")} onClick={() => turn(monthAfter(month, -1))}>‹</button>
          <MonthField label={t("calendar.month")} value={month} onEnter={turn} />
          <button type="button" class="button" aria-label={t("calendar.later")} onClick={() => turn(monthAfter(month, 1))}>›</button>
        </div>
      </div>
      <section class="card card-body" aria-label={t("calendar.title")} data-month={month}>
        <Shown of={timetable} rows={10}>{(value) => (value === null ? <Empty title={t("calendar.none")} /> : <Month key={month} timetable={value} />)}</Shown>
      </section>
    </>
  );
}

function Month({ timetable }: { readonly timetable: Timetable }): JSX.Element {
  const days = daysOf(timetable);
  const [chosen, setChosen] = useState(days[0]?.date ?? "");
  const day = days.find(({ date }) => date === chosen);
  return (
    <div class="stack">
      <p class="soft small">{t("calendar.legend", { zone: timetable.timeZone })}</p>
      <div class="calendar">
        {days.map((one) => <DayRow key={one.date} day={one} chosen={one.date === chosen} onChoose={() => setChosen(one.date)} />)}
        <div class="week-day"><span /><Hours /></div>
      </div>
      {day === undefined ? null : <DayTable day={day} />}
    </div>
  );
}

function inWords({ segments }: CalendarDay): string {
  return segments.map(({ from, to: end, row }) => `${clockOf(from)}–${clockOf(end)} ${row === null ? "–" : `${named("band", row.kind)} ${row.pricePerKwh} ${row.currency}`}`).join("; ");
}

function DayRow({ day, chosen, onChoose }: { readonly day: CalendarDay; readonly chosen: boolean; readonly onChoose: () => void }): JSX.Element {
  const { date, segments } = day;
  return (
    <div class="week-day" data-day={date}>
      <button type="button" class="button slim" aria-pressed={chosen} title={t("calendar.choose", { date })} onClick={onChoose}>
        <span class="num">{date.slice(5)}</span> {named("weekday", weekdayOf(date))}
      </button>
      <div class="strip" role="img" aria-label={t("calendar.day", { date, bands: inWords(day) })}>
        {segments.map(({ from, to: end, row }) => (
          <div key={from} class={row === null ? "strip-part gap" : `strip-part strip-part-${row.kind}`} style={{ left: `${(from / DAY) * 100}%`, width: `${((end - from) / DAY) * 100}%` }}>
            {row === null ? null : <span class="num">{row.pricePerKwh}</span>}
          </div>
        ))}
      </div>
    </div>
  );
}

function DayTable({ day: { date, segments } }: { readonly day: CalendarDay }): JSX.Element {
  const label = t("calendar.table", { date });
  return (
    <section aria-label={label} data-chosen={date}>
      <h2>{label}</h2>
      {segments.every(({ row }) => row === null) ? <p class="soft">{t("calendar.noDay")}</p> : (
        <div class="scroll-x" tabIndex={0} role="group" aria-label={label}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t("band.from")}</th><th scope="col">{t("band.to")}</th><th scope="col">{t("band.kind")}</th>
                <th scope="col" class="right">{t("band.electricity")}</th><th scope="col" class="right">{t("band.service")}</th><th scope="col" class="right">{t("band.sum")}</th>
              </tr>
            </thead>
            <tbody>
              {segments.map(({ from, to: end, row }) => (
                <tr key={from}>
                  <td>{clockOf(from)}</td><td>{clockOf(end)}</td>
                  <td>{row === null ? t("calendar.noDay") : <span class={`band band-${row.kind}`}>{named("band", row.kind)}</span>}</td>
                  <td class="right">{row?.electricityPrice ?? "–"}</td><td class="right">{row?.serviceFee ?? "–"}</td>
                  <td class="right">{row === null ? "–" : `${row.pricePerKwh} ${row.currency}`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
