// The bands of a day, each as wide as it is long and as high as it is dear, with a mark at the present.

import type { JSX } from "preact";
import type { Timetable } from "../api/types.ts";
import { named, t } from "../i18n/language.ts";
import { clockAt, clockUntil } from "./zoned.ts";

const WIDTH = 720;
const HEIGHT = 150;
const FLOOR = HEIGHT - 22;
const CEILING = 26;

export function DayPicture({ day, now }: { readonly day: Timetable; readonly now: number }): JSX.Element {
  const { rows, unpriced } = day;
  const times = [...rows, ...unpriced];
  const begin = Math.min(...times.map(({ from }) => Date.parse(from)));
  const end = Math.max(...times.map(({ to }) => Date.parse(to)));
  const most = Math.max(...rows.map((row) => Number(row.pricePerKwh)), 1e-9);
  const x = (at: number) => ((at - begin) / (end - begin)) * WIDTH;
  // Where bands are short, not every clock has room.
  let shown = Number.NEGATIVE_INFINITY;
  const clocks = rows.map((row) => {
    const at = x(Date.parse(row.from));
    if (at - shown < 38) return null;
    shown = at;
    return clockAt(row.from);
  });
  const label = rows.map((row) => `${clockAt(row.from)}–${clockUntil(row.to)} ${named("band", row.kind)} ${row.pricePerKwh} ${row.currency}`).join("; ");
  return (
    <svg class="day" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${t("station.priceDay")}: ${label}`}>
      {rows.map((row, index) => {
        const [left, right] = [x(Date.parse(row.from)), x(Date.parse(row.to))];
        const height = Math.max(14, (Number(row.pricePerKwh) / most) * (FLOOR - CEILING));
        return (
          <g key={row.from}>
            <rect x={left + 1} y={FLOOR - height} width={Math.max(1, right - left - 2)} height={height} rx="3" class={`fill-${row.kind}`} />
            {right - left < 26 ? null : (
              <>
                <text x={(left + right) / 2} y={FLOOR - height - 6} text-anchor="middle" class="day-price">{trim(row.pricePerKwh)}</text>
                {right - left < 44 && named("band", row.kind).length > 2 ? null : (
                  <text x={(left + right) / 2} y={FLOOR - 6} text-anchor="middle" class="day-band">{named("band", row.kind)}</text>
                )}
              </>
            )}
            <text x={left} y={HEIGHT - 6} text-anchor={left < 10 ? "start" : "middle"} class="day-clock">{clocks[index]}</text>
          </g>
        );
      })}
      {now > begin && now < end ? <path d={`M${x(now)} 6V${FLOOR}`} class="day-now" /> : null}
    </svg>
  );
}

/** Without the zeros that money ends in. */
function trim(price: string): string {
  return price.includes(".") ? price.replace(/0+$/, "").replace(/\.$/, "") : price;
}
