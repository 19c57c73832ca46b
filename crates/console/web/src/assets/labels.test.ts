import assert from "node:assert/strict";
import { test } from "node:test";
import { type Label, checkContent, codeText, drawn, labelsOf, svgFile } from "./labels.ts";

const CONTENT = "{pileId}/{connectorId}";
const label: Label = {
  stationId: "s-1", station: "人民广场站", operatorId: "op-7", pileId: "p-1", pile: "1号桩", chargePointId: "CP-1", connectorId: 2, type: "GB_DC", maxPowerKw: 120,
};

test("a pile has a label for each connector", () => {
  const pile = { id: "p-1", name: null, chargePointId: "CP-1", connectors: [{ connectorId: 1, type: "GB_DC", maxPowerKw: 120 }, { connectorId: 2, type: null, maxPowerKw: null }] };
  const labels = labelsOf(pile as never, { id: "s-1", name: "人民广场站", operatorId: null } as never);
  assert.deepEqual(labels.map(({ connectorId, type, pile: name, operatorId }) => [connectorId, type, name, operatorId]), [[1, "GB_DC", "CP-1", ""], [2, null, "CP-1", ""]]);
});

test("a content must identify each connector", () => {
  assert.equal(checkContent(CONTENT), null);
  assert.equal(checkContent("https://app.example/c/{chargePointId}/{connectorId}?op={operatorId}"), null);
  assert.equal(checkContent("{pileId}"), "ambiguous");
  assert.equal(checkContent("{connectorId}"), "ambiguous");
  assert.equal(checkContent("{pileId}/{connectorID}"), "unknown");
  assert.equal(checkContent(`{pileId}/{connectorId}${"x".repeat(200)}`), "tooLong");
  assert.equal(codeText("a/{pileId}/{connectorId}/{operatorId}/{pileId}", label), "a/p-1/2/op-7/p-1");
});

/** The modules of a code without its quiet zone. */
function modules({ size, path }: ReturnType<typeof drawn>): boolean[][] {
  const rows = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let at = 0; at < Number(width); at += 1) (rows[Number(y)] ?? [])[Number(x) + at] = true;
  }
  assert.ok(rows.every((row, y) => row.every((dark, x) => !dark || Math.min(x, y, size - 1 - x, size - 1 - y) >= 4)), "the quiet zone is light");
  return rows.slice(4, -4).map((row) => row.slice(4, -4));
}

test("a code has its three finder patterns and its timing pattern", () => {
  const rows = modules(drawn(codeText(CONTENT, label)));
  const size = rows.length;
  assert.equal((size - 17) % 4, 0);
  const corner = (top: number, left: number) => rows.slice(top, top + 7).map((row) => row.slice(left, left + 7).map(Number).join("")).join("/");
  const finder = "1111111/1000001/1011101/1011101/1011101/1000001/1111111";
  assert.deepEqual([corner(0, 0), corner(0, size - 7), corner(size - 7, 0)], [finder, finder, finder]);
  for (let at = 8; at < size - 8; at += 1) assert.equal(rows[6]?.[at], at % 2 === 0, "the timing pattern alternates");
});

test("a longer text has a larger code, and the file has the same path", () => {
  const code = drawn("https://app.example/connectors/0192f0c1-7a3b-7cc1-8f00-0123456789ab/1");
  assert.ok(code.size > drawn("CP-1/1").size);
  const svg = decodeURIComponent(svgFile(code).slice("data:image/svg+xml,".length));
  assert.ok(svg.includes(`d="${code.path}"`) && svg.includes(`viewBox="0 0 ${code.size} ${code.size}"`));
});
