// A chart of values over time by uPlot: as wide as its container, in the colours of the theme,
// extended without being rebuilt.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { colour } from "../design/status.tsx";
import { repaint } from "../design/theme.ts";
import { clock, clockShort } from "../i18n/format.ts";
import { language } from "../i18n/language.ts";

export interface Line {
  readonly label: string;
  /** A colour of the design. */
  readonly colour: string;
  readonly axis: "left" | "right";
  readonly fill?: boolean;
  readonly solid?: boolean;
  readonly stepped?: boolean;
}

export type Values = readonly (number | null)[];

export function Chart({ label, lines, times, values, height, left, right, mark }: {
  /** The description for screen readers. */
  readonly label: string;
  readonly lines: readonly Line[];
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly values: readonly Values[];
  readonly height: number;
  readonly left: string;
  readonly right?: string;
  /** The text of a mark of the time axis, of an instant in ms; when absent, the time of day. */
  readonly mark?: (at: number) => string;
}): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const data = [times, ...values] as uPlot.AlignedData;
  const latest = useRef(data);
  latest.current = data;
  const look = `${repaint.value}|${language.value}|${JSON.stringify(lines)}|${left}|${right}|${mark?.name}`;
  useEffect(() => {
    const shown = place.current;
    if (shown === null) return;
    const made = new uPlot(options(lines, shown.clientWidth, height, left, right, mark), latest.current, shown);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: shown.clientWidth, height }));
    watch.observe(shown);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [look, height]);
  useEffect(() => plot.current?.setData(latest.current), [times, values]);
  return <div class="chart" ref={place} role="img" aria-label={label} style={{ minHeight: `${height}px` }} />;
}

function options(lines: readonly Line[], width: number, height: number, left: string, right: string | undefined, mark: ((at: number) => string) | undefined): uPlot.Options {
  const axis = { stroke: colour("--soft"), font: "12px system-ui, sans-serif", grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
  const labelled = { labelFont: "12px system-ui, sans-serif", labelSize: 20, size: 50 };
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const axes: uPlot.Axis[] = [
    { ...axis, values: (_plot, seconds) => seconds.map((second) => (mark ?? (near(seconds) ? clock : clockShort))(second * 1000)), space: 76 },
    { ...axis, ...labelled, scale: "left", label: left },
  ];
  if (right !== undefined) axes.push({ ...axis, ...labelled, scale: "right", side: 1, label: right, grid: { show: false } });
  const fromZero: uPlot.Range.Function = (_plot, _least, most) => [0, Number.isFinite(most) && most > 0 ? most * 1.08 : 1];
  return {
    width: Math.max(120, width),
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: { x: { time: true }, left: { range: fromZero }, ...(right === undefined ? {} : { right: { range: fromZero } }) },
    axes,
    series: [
      {},
      ...lines.map((line): uPlot.Series => {
        const stroke = colour(line.colour);
        return {
          label: line.label, scale: line.axis, stroke, width: line.solid === true ? 1 : 2, spanGaps: true, points: { show: false },
          ...(line.fill === true ? { fill: line.solid === true ? stroke : faint(stroke) } : {}),
          ...(line.stepped === true && stepped !== undefined ? { paths: stepped } : {}),
        };
      }),
    ],
  };
}

/** Whether the marks are less than a minute apart. */
function near(seconds: readonly number[]): boolean {
  return (seconds[1] ?? Number.POSITIVE_INFINITY) - (seconds[0] ?? 0) < 60;
}

function faint(stroke: string): string {
  return stroke.replace(/^rgb\((.*)\)$/, "rgba($1, 0.16)");
}
