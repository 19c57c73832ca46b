// Checks a page for barriers with axe.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * The violations that axe finds in a page, or in the part of it that matches a selector. Its script is
 * injected once by the debugger, to which the page's policy does not apply.
 */
export async function judge(page, part) {
  if (await page.evaluate(() => window.axe === undefined)) await page.evaluate(axe);
  const { violations } = await page.evaluate((within) => window.axe.run(within ?? document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }), part);
  return violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.slice(0, 4).map((node) => `${node.html}\n    ${node.failureSummary}`).join("\n  ")}`);
}
