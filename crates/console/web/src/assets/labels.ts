// What the code on the label of a connector says, and how it is drawn.

import { correction, generate } from "lean-qr";
import type { Pile, Station } from "../api/types.ts";

/** A connector with what its label shows. */
export interface Label {
  readonly stationId: string;
  readonly station: string;
  readonly operatorId: string;
  readonly pileId: string;
  readonly pile: string;
  readonly chargePointId: string;
  readonly connectorId: number;
  readonly type: string | null;
  readonly maxPowerKw: number | null;
}

/** The names that a content may have in braces. */
export const PLACEHOLDERS = ["pileId", "connectorId", "chargePointId", "stationId", "operatorId"] as const;

/** Longest content, in characters, for a code that phones read from a small label. */
export const LONGEST = 200;

/** The labels of a pile: one for each connector, declared or reported. */
export function labelsOf(pile: Pile, station: Station): Label[] {
  return pile.connectors.map(({ connectorId, type, maxPowerKw }) => ({
    stationId: station.id, station: station.name, operatorId: station.operatorId ?? "", pileId: pile.id, pile: pile.name ?? pile.chargePointId,
    chargePointId: pile.chargePointId, connectorId, type: type ?? null, maxPowerKw: maxPowerKw ?? null,
  }));
}

/** Why a content would not identify each connector; null if it does. */
export function checkContent(content: string): "unknown" | "ambiguous" | "tooLong" | null {
  const names = [...content.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name ?? "");
  if (names.some((name) => !PLACEHOLDERS.some((known) => known === name))) return "unknown";
  if (!names.includes("connectorId") || !(names.includes("pileId") || names.includes("chargePointId"))) return "ambiguous";
  return [...content].length > LONGEST ? "tooLong" : null;
}

/** The text of the code of a connector. */
export function codeText(content: string, label: Label): string {
  return PLACEHOLDERS.reduce((text, name) => text.replaceAll(`{${name}}`, String(label[name])), content);
}

/** A QR code as a path in a square of `size` units, with its quiet zone. */
export interface Code {
  readonly size: number;
  readonly path: string;
}

/** The quiet zone that readers need, in modules. */
const QUIET = 4;

/** The QR code of a text. Its error correction level, M, restores up to 15 % of its data. */
export function drawn(text: string): Code {
  const bits = generate(text, { minCorrectionLevel: correction.M });
  const runs: string[] = [];
  for (let y = 0; y < bits.size; y += 1) {
    for (let x = 0; x < bits.size; x += 1) {
      const from = x;
      while (bits.get(x, y)) x += 1;
      if (x > from) runs.push(`M${from + QUIET} ${y + QUIET}h${x - from}v1h${from - x}z`);
    }
  }
  return { size: bits.size + 2 * QUIET, path: runs.join("") };
}

/** A file with the code, for makers of signs. */
export function svgFile({ size, path }: Code): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${path}"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
