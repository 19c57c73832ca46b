// The map with tiles of a provider: they cover the outlines, which return when the provider fails.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { enter, eventually, run, shut, stage } from "./stage.mjs";

const TILE = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGO48OACAAUEAoFbxjXsAAAAAElFTkSuQmCC", "base64");
let broken = false;
const referers = new Set();
const provider = createServer(({ headers }, response) => {
  referers.add(headers.referer);
  response.writeHead(broken ? 503 : 200, { "content-type": "image/png", "cache-control": "no-store" }).end(broken ? undefined : TILE);
});
await new Promise((listens) => provider.listen(Number(new URL(stage.tiles).port), "127.0.0.1", listens));
after(() => {
  provider.close();
  provider.closeAllConnections();
});

/** The share of the pixels of the map that are drawn above the tiles. */
function drawn(page) {
  return page.locator(".map-plane > canvas").evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, at) => at % 4 === 3 && value > 0).length / (data.length / 4);
  });
}

test("tiles cover the outlines, which return when the provider of the tiles fails", async () => {
  const policy = async (page) => (await fetch(`${page}/console/`)).headers.get("content-security-policy");
  assert.ok((await policy(stage.extended)).includes(`img-src 'self' data: ${stage.tiles};`), "the policy allows the tiles");
  assert.ok(!(await policy(stage.page)).includes(stage.tiles), "but not without the setting");

  broken = true;
  // Without a station the map shows the whole country.
  const page = await enter(`/console/?q=${encodeURIComponent(`无此站${run}`)}`, { at: stage.extended });
  await page.locator(".map-foot").getByText("© 测试瓦片").waitFor();
  await eventually("a tile to be asked for", () => referers.size > 0);
  await eventually("the outlines", async () => (await drawn(page)) > 0.2);
  broken = false;
  await page.getByRole("button", { name: "Zoom in" }).click();
  await page.locator(".map-place img.leaflet-tile-loaded").first().waitFor({ state: "attached" });
  await eventually("the tiles to cover the outlines", async () => (await drawn(page)) === 0);
  broken = true;
  await page.getByRole("button", { name: "Zoom in" }).click();
  await eventually("the outlines again", async () => (await drawn(page)) > 0.2);
  assert.deepEqual([...referers], [`${stage.extended}/`], "the provider gets no more than the origin of the page");
  await shut(page);
});
