// The prices that do not depend on the time of day, and the holidays.

import type { JSX } from "preact";
import { useId, useMemo, useState } from "preact/hooks";
import { Field, Select } from "../design/field.tsx";
import { faultText } from "../forms/fault-text.ts";
import { named, t } from "../i18n/language.ts";
import { type Findings, at } from "./findings.ts";
import { Entry, Faults } from "./entry.tsx";
import { rangeFault, withRange } from "./holidays.ts";
import { MOST, type Prices, without } from "./price-list.ts";

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
      <div class="card-head"><h2 id="general">{t("prices.general")}</h2></div>
      <div class="card-body stack">
        <div class="entries">
          {text("timeZone", t("prices.timeZone"))}
          <datalist id="time-zones">{zones.map((zone) => <option key={zone} value={zone} />)}</datalist>
          {text("taxPercent", t("prices.optional", { label: t("prices.tax") }))}
          {text("sessionFee", t("prices.optional", { label: t("prices.sessionFee") }))}
        </div>
        <Optional label={t("prices.chargingTime")} on={chargingTime !== null} disabled={disabled} onChange={(on) => onChange({ ...prices, chargingTime: on ? { pricePerMinute: "", basis: "energyFlow" } : null })} />
        {chargingTime === null ? null : (
          <div class="entries">
            <Entry label={t("prices.perMinute")} numeric value={chargingTime.pricePerMinute} path="chargingTime.pricePerMinute" faults={at(findings, "chargingTime.pricePerMinute")} disabled={disabled} onInput={(pricePerMinute) => onChange({ ...prices, chargingTime: { ...chargingTime, pricePerMinute } })} />
            <Select label={t("prices.basis")} value={chargingTime.basis} choices={["energyFlow", "session"].map((value) => ({ value, text: named("basis", value) }))} onChange={(basis) => onChange({ ...prices, chargingTime: { ...chargingTime, basis } })} />
          </div>
        )}
        <Optional label={t("prices.occupancy")} on={occupancy !== null} disabled={disabled} onChange={(on) => onChange({ ...prices, occupancy: on ? { pricePerMinute: "", graceMinutes: "15", cap: "" } : null })} />
        {occupancy === null ? null : (
          <div class="entries">
            {(["pricePerMinute", "graceMinutes", "cap"] as const).map((name) => (
              <Entry
                key={name} numeric value={occupancy[name]} path={`occupancy.${name}`} faults={at(findings, `occupancy.${name}`)} disabled={disabled}
                label={{ pricePerMinute: t("prices.perMinute"), graceMinutes: t("prices.grace"), cap: t("prices.optional", { label: t("prices.cap") }) }[name]}
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

export function HolidaysForm({ prices, findings, disabled, onChange }: Part): JSX.Element {
  const [first, setFirst] = useState("");
  const [last, setLast] = useState("");
  const { holidays } = prices;
  const fault = rangeFault(first, last);
  const add = () => {
    onChange({ ...prices, holidays: withRange(holidays, first, last) });
    setFirst("");
    setLast("");
  };
  return (
    <section class="card" aria-labelledby="holidays" data-path="holidays" tabIndex={-1}>
      <div class="card-head"><h2 id="holidays">{t("holidays.title")}</h2></div>
      <div class="card-body stack">
        <p class="soft">{t("holidays.lead")}</p>
        <Faults of={at(findings, "holidays")} />
        {holidays.length === 0 ? <p class="soft">{t("holidays.none")}</p> : (
          <ul class="tabs">
            {holidays.map((date, index) => (
              <li key={date}>
                <button type="button" class="button slim" disabled={disabled} data-path={`holidays[${index}]`} aria-label={t("holidays.remove", { date })} onClick={() => onChange({ ...prices, holidays: without(holidays, index) })}>{date} ×</button>
                <Faults of={at(findings, `holidays[${index}]`)} />
              </li>
            ))}
          </ul>
        )}
        {disabled ? null : (
          <div class="filters">
            <Field label={t("holidays.date")}>{(id) => <input id={id} type="date" class="input" value={first} onInput={(event) => setFirst(event.currentTarget.value)} />}</Field>
            <Field label={t("holidays.until")} fault={fault === null ? undefined : faultText(fault)}>{(id) => <input id={id} type="date" class="input" value={last} aria-invalid={fault !== null} onInput={(event) => setLast(event.currentTarget.value)} />}</Field>
            <button type="button" class="button" disabled={first === "" || fault !== null || holidays.length >= MOST.holidays} onClick={add}>{t("holidays.add")}</button>
          </div>
        )}
      </div>
    </section>
  );
}
