// The prices that do not depend on the time of day, and the holidays.

import type { JSX } from "preact";
import { useId, useMemo, useState } from "preact/hooks";
import { Field, Select } from "../design/field.tsx";
import { named } from "../i18n/language.ts";
import { type Findings, at } from "./findings.ts";
import { Entry, Faults } from "./forms.tsx";
import { MOST, type Prices, dayAfter, without } from "./price-list.ts";
import { w } from "./words.ts";

export interface Part {
  readonly prices: Prices;
  readonly findings: Findings;
  readonly disabled: boolean;
  readonly onChange: (prices: Prices) => void;
}

export function GeneralForm({ prices, findings, disabled, onChange }: Part): JSX.Element {
  const zones = useMemo(() => Intl.supportedValuesOf("timeZone"), []);
  const { chargingTime, occupancy } = prices;
  const text = (name: "timeZone" | "taxPercent" | "sessionFee", label: string) => (
    <Entry
      label={label} value={prices[name]} path={name} faults={at(findings, name)} numeric={name !== "timeZone"} disabled={disabled}
      {...(name === "timeZone" ? { list: "time-zones" } : {})} onInput={(value) => onChange({ ...prices, [name]: value.trim() })}
    />
  );
  return (
    <section class="card" aria-labelledby="general">
      <div class="card-head"><h2 id="general">{w("prices.general")}</h2></div>
      <div class="card-body stack">
        <div class="entries">
          {text("timeZone", w("prices.timeZone"))}
          <datalist id="time-zones">{zones.map((zone) => <option key={zone} value={zone} />)}</datalist>
          {text("taxPercent", w("prices.optional", { label: w("prices.tax") }))}
          {text("sessionFee", w("prices.optional", { label: w("prices.sessionFee") }))}
        </div>
        <Optional label={w("prices.chargingTime")} on={chargingTime !== null} disabled={disabled} onChange={(on) => onChange({ ...prices, chargingTime: on ? { pricePerMinute: "", basis: "energyFlow" } : null })} />
        {chargingTime === null ? null : (
          <div class="entries">
            <Entry label={w("prices.perMinute")} numeric value={chargingTime.pricePerMinute} path="chargingTime.pricePerMinute" faults={at(findings, "chargingTime.pricePerMinute")} disabled={disabled} onInput={(pricePerMinute) => onChange({ ...prices, chargingTime: { ...chargingTime, pricePerMinute } })} />
            <Select label={w("prices.basis")} value={chargingTime.basis} choices={["energyFlow", "session"].map((value) => ({ value, text: named("basis", value) }))} onChange={(basis) => onChange({ ...prices, chargingTime: { ...chargingTime, basis } })} />
          </div>
        )}
        <Optional label={w("prices.occupancy")} on={occupancy !== null} disabled={disabled} onChange={(on) => onChange({ ...prices, occupancy: on ? { pricePerMinute: "", graceMinutes: "15", cap: "" } : null })} />
        {occupancy === null ? null : (
          <div class="entries">
            {(["pricePerMinute", "graceMinutes", "cap"] as const).map((name) => (
              <Entry
                key={name} numeric value={occupancy[name]} path={`occupancy.${name}`} faults={at(findings, `occupancy.${name}`)} disabled={disabled}
                label={{ pricePerMinute: w("prices.perMinute"), graceMinutes: w("prices.grace"), cap: w("prices.optional", { label: w("prices.cap") }) }[name]}
                onInput={(value) => onChange({ ...prices, occupancy: { ...occupancy, [name]: value.trim() } })}
              />
            ))}
          </div>
        )}
      </div>
    </section>
  );
}

function Optional({ label, on, disabled, onChange }: { readonly label: string; readonly on: boolean; readonly disabled: boolean; readonly onChange: (on: boolean) => void }): JSX.Element {
  const id = useId();
  return (
    <label class="check" for={id}>
      <input id={id} type="checkbox" checked={on} disabled={disabled} onChange={(event) => onChange(event.currentTarget.checked)} />
      {label}
    </label>
  );
}

/** The longest time that is added as holidays at once, in days. */
const LONGEST_DAYS = 31;

export function HolidaysForm({ prices, findings, disabled, onChange }: Part): JSX.Element {
  const [first, setFirst] = useState("");
  const [last, setLast] = useState("");
  const { holidays } = prices;
  const add = () => {
    const dates = [first];
    for (let date = first; date < last && dates.length < LONGEST_DAYS; dates.push(date)) date = dayAfter(date, 1);
    onChange({ ...prices, holidays: [...new Set([...holidays, ...dates])].sort() });
    setFirst("");
    setLast("");
  };
  return (
    <section class="card" aria-labelledby="holidays" data-path="holidays" tabIndex={-1}>
      <div class="card-head"><h2 id="holidays">{w("holidays.title")}</h2></div>
      <div class="card-body stack">
        <p class="soft">{w("holidays.lead")}</p>
        <Faults of={at(findings, "holidays")} />
        {holidays.length === 0 ? <p class="soft">{w("holidays.none")}</p> : (
          <ul class="tabs">
            {holidays.map((date, index) => (
              <li key={date}>
                <button type="button" class="button slim" disabled={disabled} data-path={`holidays[${index}]`} aria-label={w("holidays.remove", { date })} onClick={() => onChange({ ...prices, holidays: without(holidays, index) })}>{date} ×</button>
                <Faults of={at(findings, `holidays[${index}]`)} />
              </li>
            ))}
          </ul>
        )}
        {disabled ? null : (
          <div class="filters">
            <Field label={w("holidays.date")}>{(id) => <input id={id} type="date" class="input" value={first} onInput={(event) => setFirst(event.currentTarget.value)} />}</Field>
            <Field label={w("holidays.until")}>{(id) => <input id={id} type="date" class="input" value={last} min={first} onInput={(event) => setLast(event.currentTarget.value)} />}</Field>
            <button type="button" class="button" disabled={first === "" || holidays.length >= MOST.holidays} onClick={add}>{w("holidays.add")}</button>
          </div>
        )}
      </div>
    </section>
  );
}
