import assert from "node:assert/strict";
import { test } from "node:test";
import type { Station } from "../api/types.ts";
import { APART_ZOOM, Clusters, stationsOf } from "./clusters.ts";
import { best, dotOf, moodsOf } from "./dots.ts";

const WORLD = [-180, -85, 180, 85] as const;

function station(id: number, latitude: number | null, longitude: number | null, connectors: Record<string, number> = {}): Station {
  return { id: String(id), name: `S${id}`, latitude, longitude, availability: { piles: {}, connectors, confidence: {} } } as unknown as Station;
}

/** Stations in spirals around the centres of cities. */
function fleet(size: number): Station[] {
  const cities = [[39.9, 116.4], [31.23, 121.47], [23.13, 113.26], [30.57, 104.07], [45.8, 126.53], [43.8, 87.6]] as const;
  return Array.from({ length: size }, (_none, at) => {
    const [latitude, longitude] = cities[at % cities.length] ?? [0, 0];
    const [angle, distance] = [at * 2.4, 0.012 * Math.sqrt(at)];
    return station(at, latitude + distance * Math.sin(angle), longitude + distance * Math.cos(angle), { Available: 1, Charging: at % 2, Offline: 1 });
  });
}

test("a station with a free and a charging connector is counted as both, and is free", () => {
  const moods = moodsOf({ Available: 1, Charging: 1 });
  assert.deepEqual(moods, { free: 1, busy: 1, trouble: 0, away: 0 });
  assert.equal(best(moods), "free");
  assert.equal(best(moodsOf({ Charging: 2, Faulted: 1 })), "busy");
  assert.equal(best(moodsOf({ Unavailable: 1, Offline: 3 })), "trouble");
  assert.equal(best(moodsOf({})), "away");
});

test("a station without coordinates has no dot", () => {
  assert.deepEqual(dotOf(station(1, null, 121)), []);
  assert.equal(dotOf(station(1, 31, 121)).length, 1);
});

test("ten thousand stations become few marks that do not cover each other", () => {
  // Half of them around cities, half spread over the country.
  const spread = Array.from({ length: 5_000 }, (_none, at) => station(at, 22 + ((at * 0.618034) % 1) * 24, 85 + ((at * 0.414214) % 1) * 38, { Available: 2 }));
  const clusters = new Clusters([...fleet(5_000), ...spread].flatMap(dotOf));
  for (const zoom of [3, 4, 5]) {
    const marks = clusters.marks(WORLD, zoom);
    assert.equal(stationsOf(marks), 10_000, `every station is in one mark at zoom ${zoom}`);
    assert.ok(marks.length < 200, `${marks.length} marks at zoom ${zoom}`);
    const scale = 256 * 2 ** zoom;
    for (const [at, one] of marks.entries()) {
      for (const other of marks.slice(at + 1)) {
        const distance = Math.hypot(one.at.x - other.at.x, one.at.y - other.at.y) * scale;
        assert.ok(distance > 44, `two marks are ${distance.toFixed(0)} pixels apart at zoom ${zoom}`);
      }
    }
  }
});

test("a cluster counts the connectors of its stations", () => {
  const [mark] = new Clusters(fleet(60).flatMap(dotOf)).marks(WORLD, 0);
  assert.ok(mark?.kind === "cluster");
  assert.deepEqual(mark.moods, { free: mark.stations, busy: mark.moods.busy, trouble: 0, away: mark.stations });
  assert.ok(mark.moods.busy > 0 && mark.moods.busy < mark.stations);
});

test("a cluster falls apart at the zoom that it names, and stations are apart at last", () => {
  const clusters = new Clusters(fleet(600).flatMap(dotOf));
  const cluster = clusters.marks(WORLD, 4).find((mark) => mark.kind === "cluster");
  assert.ok(cluster?.kind === "cluster");
  const zoom = clusters.apartAt(cluster.key);
  assert.ok(zoom > 4);
  assert.ok(clusters.marks(WORLD, zoom).length > clusters.marks(WORLD, zoom - 1).length);
  assert.ok(clusters.marks(WORLD, APART_ZOOM).every(({ kind }) => kind === "station"));
});

test("only what is in sight is returned", () => {
  const marks = new Clusters(fleet(600).flatMap(dotOf)).marks([115, 38, 118, 41], 10);
  assert.equal(stationsOf(marks), 100, "the stations of one of six cities");
});
