// The bands of a day as a strip, whose edges can be dragged or moved by the keyboard.

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { named, t } from "../i18n/language.ts";
import { COARSE_STEP, DAY, type Edge, FINE_STEP, STEP, clockOf, edgesOf, gapsOf, moveEdge, partsOf, snapped } from "./bands.ts";
import { type Band, sumOf } from "./price-list.ts";

const percent = (minutes: number): string => `${(minutes / DAY) * 100}%`;

/** The bands in words, by their beginning. */
export function inWords(bands: readonly Band[]): string {
  const parts = partsOf(bands).map(({ band, from, to }) => `${clockOf(from)}–${clockOf(to)} ${named("band", bands[band]?.kind ?? "")} ${priceOf(bands[band])}`);
  return parts.join("; ");
}

function priceOf(band: Band | undefined): string {
  return band === undefined ? "" : sumOf(band) ?? "?";
}

export function DayStrip({ bands, label, tall, onChange }: {
  readonly bands: readonly Band[];
  readonly label: string;
  readonly tall?: boolean;
  /** The bands after an edge was moved; the edges of a strip without it cannot be moved. */
  readonly onChange?: ((bands: readonly Band[]) => void) | undefined;
}): JSX.Element {
  const strip = useRef<HTMLDivElement>(null);
  return (
    <div ref={strip} class={tall === true ? "strip tall" : "strip"} role="group" aria-label={label}>
      {partsOf(bands).map(({ band, from, to }) => {
        const { kind = "" } = bands[band] ?? {};
        return (
          <div key={`${band}-${from}`} class={`strip-part strip-part-${kind}`} data-part={`${clockOf(from)}-${clockOf(to)}`} style={{ left: percent(from), width: percent(to - from) }}>
            <span>{named("band", kind)}</span>
            <span class="num">{priceOf(bands[band])}</span>
          </div>
        );
      })}
      {gapsOf(bands).map(({ from, to }) => <div key={from} class="strip-part gap" data-gap={`${clockOf(from)}-${clockOf(to)}`} style={{ left: percent(from), width: percent(to - from) }} />)}
      {onChange === undefined ? null : edgesOf(bands).map((edge) => (
        <EdgeHandle
          key={`${edge.before}-${edge.after}`} edge={edge} bands={bands} onMove={(to) => onChange(moveEdge(bands, edge.at, to))}
          minuteAt={(x) => {
            const { left, width } = strip.current?.getBoundingClientRect() ?? { left: 0, width: 1 };
            return ((x - left) / width) * DAY;
          }}
        />
      ))}
    </div>
  );
}

function EdgeHandle({ edge, bands, minuteAt, onMove }: {
  readonly edge: Edge;
  readonly bands: readonly Band[];
  readonly minuteAt: (x: number) => number;
  readonly onMove: (to: number) => void;
}): JSX.Element {
  const name = (index: number) => named("band", bands[index]?.kind ?? "");
  return (
    <div
      class="edge" role="slider" tabIndex={0} style={{ left: percent(edge.at) }} data-edge={clockOf(edge.at)}
      aria-label={t("bands.edge", { before: name(edge.before), after: name(edge.after) })}
      aria-valuemin={edge.least} aria-valuemax={edge.most} aria-valuenow={edge.at} aria-valuetext={clockOf(edge.at)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        event.currentTarget.focus();
        event.preventDefault();
      }}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const minute = minuteAt(event.clientX);
        onMove(event.shiftKey ? Math.round(minute) : snapped(minute));
      }}
      onKeyDown={(event) => {
        const to = target(event, edge);
        if (to === null) return;
        event.preventDefault();
        onMove(to);
      }}
    />
  );
}

/** The minute to which a key moves an edge; null if the key moves none. */
function target({ key, shiftKey }: KeyboardEvent, { at, least, most }: Edge): number | null {
  const step = shiftKey ? FINE_STEP : STEP;
  switch (key) {
    case "ArrowRight":
    case "ArrowUp":
      return at + step;
    case "ArrowLeft":
    case "ArrowDown":
      return at - step;
    case "PageUp":
      return at + COARSE_STEP;
    case "PageDown":
      return at - COARSE_STEP;
    case "Home":
      return least;
    case "End":
      return most;
    default:
      return null;
  }
}

/** The hours below strips. */
export function Hours(): JSX.Element {
  return (
    <div class="hours num" aria-hidden="true">
      {[0, 6, 12, 18, 24].map((hour) => <span key={hour} style={{ left: percent(hour * 60) }}>{clockOf(hour * 60)}</span>)}
    </div>
  );
}
