// The bands of a schedule: as a strip whose edges are dragged, and as numbers.

import type { JSX } from "preact";
import { named, t } from "../i18n/language.ts";
import { add, remove, split } from "./bands.ts";
import { DayStrip, Hours, inWords } from "./day-strip.tsx";
import { type Findings, at } from "./findings.ts";
import { Entry, Faults } from "./entry.tsx";
import { type Band, KINDS, MOST, type Tier, replaced, sumOf, without } from "./price-list.ts";

interface OfBands {
  readonly bands: readonly Band[];
  readonly path: string;
  readonly findings: Findings;
  readonly disabled: boolean;
  readonly onChange: (bands: readonly Band[]) => void;
}

export function BandsForm({ number, bands, path, findings, disabled, onChange }: OfBands & { readonly number: number }): JSX.Element {
  return (
    <section class="stack" aria-labelledby="bands" data-path={path} tabIndex={-1}>
      <h3 id="bands">{t("bands.title")}</h3>
      {disabled ? null : <p class="soft small">{t("bands.lead")}</p>}
      <div>
        <DayStrip bands={bands} label={t("bands.day", { n: number, bands: inWords(bands) })} tall onChange={disabled ? undefined : onChange} />
        <Hours />
      </div>
      <Faults of={at(findings, path)} />
      <div class="scroll-x" tabIndex={0} role="group" aria-label={t("bands.table", { n: number })}>
        <table class="table edit-table">
          <thead>
            <tr>
              <th scope="col">{t("band.from")}</th><th scope="col">{t("band.to")}</th><th scope="col">{t("band.kind")}</th><th scope="col">{t("band.electricity")}</th>
              <th scope="col">{t("band.service")}</th><th scope="col" class="right">{t("band.sum")}</th><th scope="col">{t("band.actions")}</th>
            </tr>
          </thead>
          <tbody>{bands.map((_band, index) => <BandRows key={index} index={index} bands={bands} path={path} findings={findings} disabled={disabled} onChange={onChange} />)}</tbody>
        </table>
      </div>
      {disabled ? null : <div><button type="button" class="button slim" disabled={bands.length >= MOST.bands} onClick={() => onChange(add(bands))}>{t("band.add")}</button></div>}
    </section>
  );
}

const COLUMNS = { from: "band.from", to: "band.to", electricityPrice: "band.electricity", serviceFee: "band.service" } as const;

function BandRows({ index, bands, path, findings, disabled, onChange }: OfBands & { readonly index: number }): JSX.Element | null {
  const band = bands[index];
  if (band === undefined) return null;
  const here = `${path}[${index}]`;
  const n = index + 1;
  const put = (next: Band) => onChange(replaced(bands, index, next));
  const cell = (name: keyof typeof COLUMNS) => (
    <td>
      <Entry
        label={t("band.of", { label: t(COLUMNS[name]), n })} shown={false} value={band[name]} path={`${here}.${name}`} disabled={disabled} numeric={name === "electricityPrice" || name === "serviceFee"}
        faults={[...at(findings, `${here}.${name}`), ...(name === "from" ? at(findings, here) : [])]} onInput={(value) => put({ ...band, [name]: value.trim() })}
      />
    </td>
  );
  const kinds = at(findings, `${here}.kind`);
  return (
    <>
      <tr data-band-row={index}>
        {cell("from")}{cell("to")}
        <td>
          <select class="input" value={band.kind} disabled={disabled} data-path={`${here}.kind`} aria-label={t("band.of", { label: t("band.kind"), n })} aria-invalid={kinds.length > 0} onChange={(event) => put({ ...band, kind: event.currentTarget.value })}>
            {KINDS.map((kind) => <option key={kind} value={kind}>{named("band", kind)}</option>)}
          </select>
          <Faults of={kinds} />
        </td>
        {cell("electricityPrice")}{cell("serviceFee")}
        <td class="right num">{sumOf(band) ?? "–"}</td>
        <td>
          {disabled ? null : (
            <div class="buttons">
              <button type="button" class="button slim" disabled={bands.length >= MOST.bands} aria-label={t("band.splitOf", { n })} onClick={() => onChange(split(bands, index))}>{t("band.split")}</button>
              <button type="button" class="button slim" disabled={bands.length === 1} aria-label={t("band.removeOf", { n })} onClick={() => onChange(remove(bands, index))}>{t("band.remove")}</button>
              <button
                type="button" class="button slim" disabled={band.tiers.length >= MOST.tiers} aria-label={t("band.addTierOf", { n })}
                onClick={() => put({ ...band, tiers: [...band.tiers, { aboveWh: "", electricityPrice: band.electricityPrice, serviceFee: band.serviceFee }] })}
              >
                {t("band.addTier")}
              </button>
            </div>
          )}
          <Faults of={at(findings, `${here}.tiers`)} />
        </td>
      </tr>
      {band.tiers.map((tier, tierIndex) => (
        <TierRow
          key={tierIndex} band={n} number={tierIndex + 1} tier={tier} path={`${here}.tiers[${tierIndex}]`} findings={findings} disabled={disabled}
          onChange={(next) => put({ ...band, tiers: next === null ? without(band.tiers, tierIndex) : replaced(band.tiers, tierIndex, next) })}
        />
      ))}
    </>
  );
}

function TierRow({ band, number, tier, path, findings, disabled, onChange }: {
  readonly band: number;
  readonly number: number;
  readonly tier: Tier;
  readonly path: string;
  readonly findings: Findings;
  readonly disabled: boolean;
  /** The tier after an edit; null if it is removed. */
  readonly onChange: (tier: Tier | null) => void;
}): JSX.Element {
  const cell = (name: keyof Tier, label: string, shown: boolean) => (
    <Entry
      label={shown ? label : t("tier.of", { label, tier: number, n: band })} shown={shown} numeric value={tier[name]} path={`${path}.${name}`} disabled={disabled}
      faults={at(findings, `${path}.${name}`)} onInput={(value) => onChange({ ...tier, [name]: value.trim() })}
    />
  );
  return (
    <tr data-tier-row={number}>
      <td colSpan={3}>{cell("aboveWh", t("tier.above"), true)}</td>
      <td>{cell("electricityPrice", t("band.electricity"), false)}</td>
      <td>{cell("serviceFee", t("band.service"), false)}</td>
      <td class="right num">{sumOf(tier) ?? "–"}</td>
      <td>{disabled ? null : <button type="button" class="button slim" aria-label={t("tier.remove", { tier: number, n: band })} onClick={() => onChange(null)}>{t("band.remove")}</button>}</td>
    </tr>
  );
}
