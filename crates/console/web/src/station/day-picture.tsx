// The bands of a day as bars: width is duration, height is price; a mark shows the current time.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Timetable } from "../api/types.ts";
import { named, t } from "../i18n/language.ts";
import { clockAt, clockUntil } from "./zoned.ts";

const HEIGHT = 150;
const FLOOR = HEIGHT - 22;
const CEILING = 26;
const LEAST = 14;
/** The width of labels, in px; a label that does not fit is only in the table below the picture. */
const PRICE_PX = 40;
const CLOCK_PX = 38;
const wordPx = (word: string): number => [...word].reduce((sum, letter) => sum + (letter > "\u2e80" ? 14 : 8), 6);

interface Bar {
  readonly key: string;
  readonly left: number;
  readonly right: number;
  readonly height: number;
  readonly kind: string;
  readonly price: string;
  readonly name: string;
}

function barsOf({ rows, unpriced }: Timetable, x: (at: string) => number): Bar[] {
  const most = Math.max(...rows.map((row) => Number(row.pricePerKwh)), 1e-9);
  const priced = rows.map((row) => ({
    key: row.from, left: x(row.from), right: x(row.to), height: Math.max(LEAST, (Number(row.pricePerKwh) / most) * (FLOOR - CEILING)),
    kind: row.kind, price: trim(row.pricePerKwh), name: named("band", row.kind),
  }));
  const gaps = unpriced.map((time) => ({ key: time.from, left: x(time.from), right: x(time.to), height: 4, kind: "none", price: t("price.none"), name: "" }));
  return [...priced, ...gaps].sort((one, other) => one.left - other.left);
}

export function DayPicture({ day, now }: { readonly day: Timetable; readonly now: number }): JSX.Element {
  const [place, width] = useWidth();
  const times = [...day.rows, ...day.unpriced];
  const begin = Math.min(...times.map(({ from }) => Date.parse(from)));
  const end = Math.max(...times.map(({ to }) => Date.parse(to)));
  const x = (at: string | number) => (((typeof at === "string" ? Date.parse(at) : at) - begin) / (end - begin)) * width;
  const said = [
    ...day.rows.map((row) => `${clockAt(row.from, day.timeZone)}–${clockUntil(row.to, day.timeZone)} ${named("band", row.kind)} ${row.pricePerKwh} ${row.currency}`),
    ...day.unpriced.map((time) => `${clockAt(time.from, day.timeZone)}–${clockUntil(time.to, day.timeZone)} ${t("price.none")}`),
  ].sort();
  // Not every time fits where bands are short.
  let shown = Number.NEGATIVE_INFINITY;
  const clockOf = (bar: Bar): string | null => {
    if (bar.left - shown < CLOCK_PX || width - bar.left < CLOCK_PX / 2) return null;
    shown = bar.left;
    return clockAt(bar.key, day.timeZone);
  };
  return (
    <svg ref={place} class="day" viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={`${t("station.priceDay")}: ${said.join("; ")}`}>
      {barsOf(day, x).map((bar) => (
        <g key={bar.key} data-band={bar.kind}>
          <rect x={bar.left + 1} y={FLOOR - bar.height} width={Math.max(1, bar.right - bar.left - 2)} height={bar.height} rx={Math.min(3, bar.height / 2)} class={`fill-${bar.kind}`} />
          {bar.right - bar.left < Math.max(PRICE_PX, wordPx(bar.price)) ? null : <text x={(bar.left + bar.right) / 2} y={FLOOR - bar.height - 6} text-anchor="middle" class="day-price">{bar.price}</text>}
          {bar.name === "" || bar.right - bar.left < wordPx(bar.name) ? null : <text x={(bar.left + bar.right) / 2} y={FLOOR - 4} text-anchor="middle" class="day-band">{bar.name}</text>}
          <text x={bar.left} y={HEIGHT - 6} text-anchor={bar.left < 10 ? "start" : "middle"} class="day-clock">{clockOf(bar)}</text>
        </g>
      ))}
      {now > begin && now < end ? <path d={`M${x(now)} 6V${FLOOR}`} class="day-now" /> : null}
    </svg>
  );
}

/** The width of the picture on the screen, so that its text has the normal size. */
function useWidth(): [place: { current: SVGSVGElement | null }, width: number] {
  const place = useRef<SVGSVGElement>(null);
  const [width, setWidth] = useState(720);
  useEffect(() => {
    const shown = place.current;
    if (shown === null) return;
    const watch = new ResizeObserver(() => setWidth(Math.max(160, Math.round(shown.clientWidth))));
    watch.observe(shown);
    return () => watch.disconnect();
  }, []);
  return [place, width];
}

/** Removes trailing zeros of an amount. */
function trim(price: string): string {
  return price.includes(".") ? price.replace(/0+$/, "").replace(/\.$/, "") : price;
}
