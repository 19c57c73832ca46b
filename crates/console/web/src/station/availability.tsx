// The number of free, busy and unusable connectors of a station over the last day, from the status
// history of its piles.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import { Chart, type Line } from "../chart/chart.tsx";
import { Empty, Shown } from "../design/states.tsx";
import { t } from "../i18n/language.ts";
import { lanesOf } from "../live/history.ts";
import { readHistory } from "../live/read-history.ts";
import { useEvery, useResource } from "../live/resource.ts";
import { GROUPS, type GroupName, type Sampled, sample } from "./groups.ts";

/** Largest number of piles whose history is read, because the API has one history per pile. */
const MOST_PILES = 60;
const MOST_PAGES = 5;
const AT_ONCE = 4;
const DAY_MS = 86_400_000;
const EVERY_MS = 120_000;

interface Read {
  readonly sampled: Sampled;
  readonly piles: number;
  readonly cut: boolean;
}

async function read(stationId: string, signal: AbortSignal, onProgress: (done: number, of: number) => void): Promise<Read> {
  const page = await assets.get("/api/v1/piles", { query: { stationId, limit: MOST_PILES }, signal });
  const until = Date.now();
  const since = until - DAY_MS;
  const lanes: ReturnType<typeof lanesOf> = [];
  const waiting = [...page.items];
  let done = 0;
  const work = async () => {
    for (let pile = waiting.shift(); pile !== undefined; pile = waiting.shift()) {
      lanes.push(...lanesOf(await readHistory(pile.id, since, MOST_PAGES, signal), pile, since, until));
      done += 1;
      onProgress(done, page.items.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { sampled: sample(lanes, since, until), piles: page.items.length, cut: page.nextCursor !== null };
}

export function AvailabilityCard({ stationId }: { readonly stationId: string }): JSX.Element {
  const [progress, setProgress] = useState<readonly [number, number]>([0, 0]);
  const day = useResource(stationId, (signal) => read(stationId, signal, (done, of) => setProgress([done, of])));
  useEvery(EVERY_MS, day.reload);
  return (
    <section class="card" aria-labelledby="availability">
      <div class="card-head"><h2 id="availability">{t("station.availability")}</h2></div>
      <div class="card-body">
        {day.value === undefined && day.loading && progress[1] > 0 ? (
          <p class="soft small" role="status">{t("station.availabilityReading", { n: progress[0], of: progress[1] })}</p>
        ) : null}
        <Shown of={day}>
          {({ sampled, piles, cut }) => (sampled.total === 0 ? <Empty title={t("station.noHistory")} /> : (
            <>
              <p class="soft small">{t("station.availabilityLead", { n: piles })}{cut ? ` ${t("station.availabilityCut", { n: piles })}` : ""}</p>
              <Day sampled={sampled} />
            </>
          ))}
        </Shown>
      </div>
    </section>
  );
}

const WORDS: Readonly<Record<GroupName, () => string>> = {
  free: () => t("status.Available"),
  busy: () => t("map.busyConnectors"),
  out: () => t("map.outConnectors"),
  away: () => t("map.awayConnectors"),
};

function Day({ sampled }: { readonly sampled: Sampled }): JSX.Element {
  // Each area includes the ones below it, so the highest is drawn first.
  const lines: Line[] = GROUPS.map((group) => ({ label: WORDS[group.name](), colour: group.colour, axis: "left" as const, fill: true, solid: true, stepped: true })).reverse();
  const last = GROUPS.map((group) => `${WORDS[group.name]()} ${sampled.counts[group.name].at(-1) ?? 0}`).join(", ");
  return (
    <>
      <Chart label={`${t("station.availability")}: ${last}`} lines={lines} times={sampled.times} values={[...sampled.stacked].reverse()} height={240} left={t("col.connectors")} />
      <ul class="legend">
        {GROUPS.map((group) => (
          <li key={group.name}><span class="swatch" style={{ background: `var(${group.colour})` }} />{WORDS[group.name]()} <strong class="num">{sampled.counts[group.name].at(-1) ?? 0}</strong></li>
        ))}
      </ul>
    </>
  );
}
