// Energy or revenue of each period as stacked bands.

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { PeriodRevenue } from "../api/types.ts";
import { Chart, type Line } from "../chart/chart.tsx";
import { Segments } from "../design/field.tsx";
import { day, dayShort, energy, money, monthShort } from "../i18n/format.ts";
import { named, t } from "../i18n/language.ts";
import { type Filter, periodsOf } from "./filter.ts";
import { type Measure, PARTS, partsOf, stacked, wholeOf } from "./sums.ts";

type PartName = (typeof PARTS)[number];

const COLOURS: Readonly<Record<PartName, string>> = { sharp: "--b-sharp", peak: "--b-peak", flat: "--b-flat", valley: "--b-valley", rest: "--area-away" };

export function BandChart({ rows, filter }: { readonly rows: readonly PeriodRevenue[]; readonly filter: Filter }): JSX.Element {
  const currencies = wholeOf(rows).amounts.map(([currency]) => currency);
  const [measure, setMeasure] = useState<Measure>("energy");
  const [wanted, setWanted] = useState("");
  const currency = currencies.find((known) => known === wanted) ?? currencies[0] ?? "";
  const { unit, from, to } = filter;
  const { parts, times, values } = useMemo(() => {
    const periods = periodsOf(filter);
    const parts = partsOf(rows, periods, measure, currency);
    // The last bar ends where the next period would begin, at the latest.
    const begins = periods.map((period) => new Date(`${period}T00:00:00`).getTime() / 1000);
    const end = new Date(`${to}T00:00:00`).getTime() / 1000 + 86_400;
    const values = stacked(parts).reverse().map((sums) => [...sums, sums.at(-1) ?? 0]);
    return { parts, times: [...begins, end], values };
  }, [rows, measure, currency, unit, from, to]);
  const name = (part: PartName) => (part === "rest" ? t(measure === "energy" ? "revenue.restEnergy" : "revenue.restMoney") : named("band", part));
  const lines: Line[] = PARTS.map((part) => ({ label: name(part), colour: COLOURS[part], axis: "left" as const, fill: true, solid: true, stepped: true })).reverse();
  const all = (part: PartName) => (parts[PARTS.indexOf(part)] ?? []).reduce((sum, value) => sum + value, 0);
  const shown = (value: number) => (measure === "energy" ? energy(value * 1000) : money(value.toFixed(2), currency));
  return (
    <div class="stack">
      <div class="buttons">
        <Segments
          label={t("revenue.measure")} value={measure} choices={[{ value: "energy", text: t("revenue.energy") }, { value: "money", text: t("revenue.money") }]}
          onChange={(next) => setMeasure(next === "money" ? "money" : "energy")}
        />
        {currencies.length > 1 && measure === "money" ? (
          <Segments label={t("revenue.currency")} value={currency} choices={currencies.map((value) => ({ value, text: value }))} onChange={setWanted} />
        ) : null}
      </div>
      <Chart
        label={t("revenue.chart", { measure: t(`revenue.${measure}`), from: day(from), to: day(to) })}
        lines={lines} times={times} values={values} height={260} left={measure === "energy" ? "kWh" : currency} mark={unit === "day" ? dayShort : monthShort}
      />
      <ul class="legend">
        {PARTS.map((part) => (
          <li key={part} data-part={part}><span class="swatch" style={{ background: `var(${COLOURS[part]})` }} />{name(part)} <strong class="num">{shown(all(part))}</strong></li>
        ))}
      </ul>
    </div>
  );
}
