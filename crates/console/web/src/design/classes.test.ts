import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";

/** The text of files by their path in the folder of the sources. */
type Sources = Readonly<Record<string, string>>;

/** The folder whose classes all pages may use. */
const DESIGN = "design";
const folderOf = (path: string): string => path.split("/")[0] ?? "";
const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((found) => found[1] ?? "");

/** The selectors of a style sheet, each alone. */
function selectorsOf(css: string): string[] {
  const rules = all(css.replace(/\/\*.*?\*\//gs, ""), /([^{};]+)\{/g).map((selectors) => selectors.trim());
  return rules.filter((selectors) => !selectors.startsWith("@")).flatMap((selectors) => selectors.split(/,(?![^(]*\))/));
}

const classesIn = (selector: string): string[] => all(selector, /\.([A-Za-z][\w-]*)/g);

/** The value of a JSX attribute whose expression begins at `start`, up to the brace that closes it. */
function expressionAt(source: string, start: number): string {
  let depth = 0;
  for (let at = start; at < source.length; at += 1) {
    depth += source[at] === "{" ? 1 : source[at] === "}" ? -1 : 0;
    if (depth === 0) return source.slice(start, at);
  }
  return source.slice(start);
}

/** The words of all texts in an expression; `*` is a part of a word that is known at run time only. */
function wordsIn(expression: string): string[] {
  const texts = [...all(expression, /"([^"\n]*)"/g), ...all(expression, /`([^`]*)`/g).map((text) => text.replace(/\$\{[^}]*\}/g, "*"))];
  return texts.flatMap((text) => text.split(/\s+/)).filter((word) => word !== "" && word !== "*");
}

/** The classes that a component sets, in place or by a constant of its file. */
function usedIn(source: string): string[] {
  const expressions = [...source.matchAll(/\bclass(?:Name)?=(?="|\{)/g)].map(({ index, 0: { length } }) => {
    const start = index + length;
    return source[start] === "{" ? expressionAt(source, start) : source.slice(start, source.indexOf('"', start + 1) + 1);
  });
  const names = new Set(expressions.flatMap((expression) => all(expression.replace(/"[^"]*"/g, ""), /\b([A-Za-z]\w*)\b/g)));
  const constants = [...names].flatMap((name) => all(source, new RegExp(`\\bconst ${name}\\b[^=;]*=([^;]*);`, "g")));
  return [...expressions, ...constants].flatMap(wordsIn);
}

/** What the sources do that makes a page depend on the styles of another one. */
function faultsOf(sources: Sources): string[] {
  const styled = new Map<string, Set<string>>();
  const sheets = Object.entries(sources).filter(([path]) => path.endsWith(".css"));
  for (const [path, css] of sheets) {
    for (const name of selectorsOf(css).flatMap(classesIn)) styled.set(name, (styled.get(name) ?? new Set()).add(folderOf(path)));
  }
  const faults: string[] = [];
  const isShared = (name: string) => styled.get(name)?.has(DESIGN) === true;
  for (const [name, folders] of styled) {
    if (!isShared(name) && folders.size > 1) faults.push(`.${name} is styled by ${[...folders].sort().join(" and ")}`);
  }
  for (const [path, css] of sheets.filter(([path]) => folderOf(path) !== DESIGN)) {
    for (const selector of selectorsOf(css)) {
      const isOwn = classesIn(selector).some((name) => !isShared(name)) || selector.includes("[data-");
      if (!isOwn) faults.push(`${path} styles ${selector.trim()}, which every page may have`);
    }
  }
  for (const [path, source] of Object.entries(sources).filter(([path]) => path.endsWith(".tsx"))) {
    // A component of design names its parts for the pages: they may style the cells of their columns.
    const words = usedIn(source).filter((word) => folderOf(path) !== DESIGN || !word.includes("*"));
    for (const word of new Set(words)) {
      const pattern = new RegExp(`^${word.replace(/[^\w*-]/g, "\\$&").replaceAll("*", "[^-]+")}$`);
      for (const [name, folders] of styled) {
        if (pattern.test(name) && !isShared(name) && !folders.has(folderOf(path))) faults.push(`${path} uses .${name} of ${[...folders].join(" and ")}`);
      }
    }
  }
  return faults.sort();
}

test("classes that several folders style or use are found", () => {
  const css = { "design/base.css": ".button { gap: 0.5em } @media (x) { .tag, .bad { gap: 0 } }", "pile/pile.css": ".lane .button { gap: 1px } .log {} .tone-On {}" };
  assert.deepEqual(faultsOf({ ...css, "pile/page.tsx": 'const TONES = { on: "log" }; <p class="lane button" /> <p class={TONES[state]} />' }), []);
  assert.deepEqual(faultsOf({ ...css, "station/station.css": "/* .tag */ .log > li {} .day {} .button[hidden], [data-day] .tag {}" }), [
    ".log is styled by pile and station",
    "station/station.css styles .button[hidden], which every page may have",
  ]);
  const page = 'const tone = on ? "log" : "tag"; <p class={`tag ${on ? "lane" : ""}`} /> <p class={tone} /> <p class={`tone-${of}`} title="Off" />';
  assert.deepEqual(faultsOf({ ...css, "batch/page.tsx": page }), ["lane", "log", "tone-On"].map((name) => `batch/page.tsx uses .${name} of pile`));
});

test("classes that several folders use are styled in design", async () => {
  const paths = (await readdir("src", { recursive: true })).filter((path) => /\.(css|tsx)$/.test(path));
  const sources = Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await readFile(`src/${path}`, "utf8")] as const)));
  const faults = faultsOf(sources);
  assert.equal(faults.length, 0, faults.join("\n"));
});
