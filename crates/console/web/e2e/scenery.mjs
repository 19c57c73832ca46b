// What the looks at all pages show: a fleet with sessions, issues, tariffs and retired assets.
import { api, charged, eventually, order, run, site, stage, tariff, today } from "./stage.mjs";

const CITIES = [["上海", 31.23, 121.47], ["杭州", 30.27, 120.15], ["南京", 32.06, 118.79], ["苏州", 31.3, 120.58], ["合肥", 31.82, 117.23], ["宁波", 29.87, 121.55]];

/** Builds it; returns the ids that the addresses of the pages have. */
export async function scenery() {
  const sites = [];
  for (const [city, ...place] of CITIES) sites.push(await site({ name: `${city}滨江站`, piles: 4, connectors: 2, place }));
  const bound = await tariff("分时电价", sites.map(({ id }) => ({ level: "station", stationId: id })));
  const devices = sites.flatMap(({ piles }) => piles);
  for (const [at, pile] of devices.entries()) {
    if (at % 3 === 0) await api("POST", `/api/v1/piles/${pile.id}/commands/start-transaction`, { idTag: "RFID123", connectorId: 1 }, { base: stage.commands });
    if (at % 7 === 1) await order({ do: "status", device: pile.device, connector: 2, status: "Faulted" });
    if (at % 11 === 2) await order({ do: "disconnect", device: pile.device });
  }
  await order({ do: "connect", device: `CP-${run}-NEW`, connectors: 1 });
  await order({ do: "garbage", key: "x", value: "no event" });
  await order({ do: "ledger", pile: devices[0].id, until: today() });
  await api("POST", "/api/v1/reliability/exclusions", { pileId: devices[0].id, connectorId: 1, from: "2026-06-05T03:00:00Z", until: "2026-06-05T11:00:00Z", reason: "grid", note: "10 kV 线路停电，通知 2026-118" });
  const { piles: [spare] } = await site({ connected: false });
  await api("DELETE", `/api/v1/piles/${spare.id}`);
  const { id: closed } = await site({ name: "退役站", piles: 0 });
  await api("DELETE", `/api/v1/stations/${closed}`);
  await eventually("a reading", async () => (await api("GET", `/api/v1/piles/${devices[0].id}`)).connectors[0].powerW !== null);
  const { batchId } = await api("POST", `/api/v1/stations/${sites[1].id}/commands/reset`, { ratePerSecond: 1 }, { base: stage.commands });
  const ended = await charged(devices[5]);
  const prices = await tariff("看价格", []);
  const proposed = await tariff("待批准", []);
  const { priceList } = await api("GET", `/api/v1/tariffs/${proposed}/versions/1`);
  await api("PUT", `/api/v1/tariffs/${proposed}/draft`, priceList);
  await api("PUT", `/api/v1/tariffs/${proposed}/draft/proposal`, {});
  const [session] = (await api("GET", `/api/v1/piles/${devices[0].id}/sessions`)).items;
  return {
    prices, bound, proposed, compared: { id: sites[1].id, name: `${CITIES[1][0]}滨江站` }, station: sites[0].id, edited: sites[5].id, closed,
    pile: devices[0].id, spare: spare.id, batch: batchId, session: session.id, ended, ...(await troubles(sites[0])),
  };
}

/** An issue of a station with a history, a maintenance window there, and an outage of another station. */
async function troubles({ id: stationId }) {
  const dark = await site({ name: "停电站", piles: 5 });
  for (const { device } of dark.piles) await order({ do: "disconnect", device });
  const opened = (query) => eventually(`an issue with ${query}`, async () => (await api("GET", `/api/v1/issues?state=open&${query}`)).items[0]);
  const { id: fault } = await opened(`cause=fault&stationId=${stationId}`);
  await api("POST", `/api/v1/issues/${fault}/acknowledge`, { note: "技师在路上" });
  await api("POST", `/api/v1/issues/${fault}/assign`, { assignee: "field-team-3" });
  await api("POST", `/api/v1/issues/${fault}/mute`, { until: "2098-01-01T00:00:00Z", reason: "备件周一到" });
  const { items: [{ commandId: command }] } = await api("GET", "/api/v1/commands?limit=1", undefined, { base: stage.commands });
  await order({ do: "attempts", issue: fault, command });
  await api("POST", "/api/v1/maintenance-windows", { stationId, endsAt: new Date(Date.now() + 86_400_000).toISOString(), reason: "更换变压器" });
  return { fault, outage: (await opened(`severity=critical&stationId=${dark.id}`)).id };
}
