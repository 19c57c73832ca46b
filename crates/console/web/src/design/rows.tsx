// A virtualized table: only visible rows are rendered. The keyboard reaches all rows, because
// moving the focus scrolls.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** Rows that are rendered beyond the visible ones, so that scrolling and Tab find the next row. */
const OVERSCAN = 6;

export interface Column {
  readonly key: string;
  readonly text: string;
  readonly right?: boolean;
}

export function Rows({ label, columns, count, total, rowHeight, children, onShown, className }: {
  readonly label: string;
  readonly columns: readonly Column[];
  /** The number of rows that can be scrolled to. */
  readonly count: number;
  /** The number of all rows; -1 if unknown. */
  readonly total: number;
  readonly rowHeight: number;
  /** The cells of a row. */
  readonly children: (row: number) => ComponentChildren;
  readonly onShown: (first: number, last: number) => void;
  readonly className: string;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const look = () => {
    const shown = box.current;
    if (shown === null) return;
    const next = { top: shown.scrollTop, height: shown.clientHeight };
    setView((before) => (before.top === next.top && before.height === next.height ? before : next));
  };
  useLayoutEffect(() => {
    const shown = box.current;
    if (shown === null) return;
    look();
    const watch = new ResizeObserver(look);
    watch.observe(shown);
    return () => watch.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - OVERSCAN);
  const last = Math.min(count - 1, Math.ceil((view.top + view.height) / rowHeight) + OVERSCAN);
  useEffect(() => {
    if (count > 0) onShown(first, Math.max(first, last));
  }, [first, last, count]);
  const rows = [];
  for (let row = first; row <= last; row += 1) {
    rows.push(
      <div key={row} role="row" aria-rowindex={row + 2} class="row" style={{ transform: `translateY(${row * rowHeight}px)`, height: `${rowHeight}px` }}>
        {children(row)}
      </div>,
    );
  }
  return (
    <div
      ref={box} class={`rows ${className}`} role="table" aria-label={label} aria-rowcount={total < 0 ? -1 : total + 1} tabIndex={0}
      onScroll={look}
      onKeyDown={(event) => {
        const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
        const link = event.target instanceof Element ? event.target.closest(".row") : null;
        if (by === 0 || link === null) return;
        event.preventDefault();
        move(box.current, Number(link.getAttribute("aria-rowindex")) + by, rowHeight);
      }}
    >
      <div role="rowgroup" class="rows-head">
        <div role="row" aria-rowindex={1} class="row">
          {columns.map((column) => (
            <div key={column.key} role="columnheader" class={`cell c-${column.key}${column.right === true ? " right" : ""}`}>{column.text}</div>
          ))}
        </div>
      </div>
      <div role="rowgroup" class="rows-body" style={{ height: `${count * rowHeight}px` }}>{rows}</div>
    </div>
  );
}

/** Moves the focus to the link of another row. */
function move(box: HTMLElement | null, index: number, rowHeight: number): void {
  const row = box?.querySelector(`.row[aria-rowindex="${index}"]`);
  const link = row?.querySelector("a");
  if (!box || !link || index < 2) return;
  link.focus({ preventScroll: true });
  const top = (index - 2) * rowHeight;
  const head = box.querySelector(".rows-head")?.clientHeight ?? 0;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + rowHeight + head > box.scrollTop + box.clientHeight) box.scrollTop = top + rowHeight + head - box.clientHeight;
}

export function Cell({ name, right, children }: { readonly name: string; readonly right?: boolean; readonly children?: ComponentChildren }): JSX.Element {
  return <div role="cell" class={`cell c-${name}${right === true ? " right" : ""}`}>{children}</div>;
}
