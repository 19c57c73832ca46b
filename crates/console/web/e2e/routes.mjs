// The addresses of all pages, from the router of the pages itself.
import { build } from "esbuild";

const { outputFiles: [{ text }] } = await build({
  stdin: {
    contents: 'export { to } from "./app/router.ts"; export { PILE_VIEWS, STATION_VIEWS } from "./assets/routes.ts";',
    resolveDir: new URL("../src/", import.meta.url).pathname, loader: "ts",
  },
  bundle: true, format: "esm", platform: "node", write: false,
  // The router reads the address when it is loaded.
  banner: { js: 'const location = { pathname: "/console/", search: "" };' },
});
const { to, PILE_VIEWS, STATION_VIEWS } = await import(`data:text/javascript,${encodeURIComponent(text)}`);

const ID = "0192f0c1-7a3b-7cc1-8f00-0123456789ab";
/** The views of the addresses that have one after the id. */
const VIEWS = { ofStation: STATION_VIEWS, ofPile: PILE_VIEWS };

/** The path of an address with `:id` for each id. */
export function routeOf(address) {
  return address.split("?")[0].replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, ":id");
}

/** The route of every page. Every address that takes more than an id has a number after it, as a version has. */
export const ROUTES = new Set(Object.entries(to).flatMap(([name, address]) => {
  if (typeof address === "string") return [routeOf(address)];
  return (VIEWS[name] ?? [1]).map((view) => routeOf(address(ID, view)));
}));
