// Extracts what forms need of the committed OpenAPI documents: the limits of the fields of the
// bodies below. The whole documents would not fit into the bundle. Runs with every build and test.
import { mkdir, readFile, writeFile } from "node:fs/promises";

const here = (path) => new URL(`../${path}`, import.meta.url);

/** The bodies that forms of the console send, by service. A form that sends another one adds it. */
const BODIES = {
  "asset-api": [
    "StationDetails", "PileDetails", "PileRelocation", "ChargePointReplacement", "Outlet", "OpeningHours", "OpenPeriod",
    "IssueAcknowledgement", "IssueAssignment", "IssueMute", "NewMaintenanceWindow", "TariffDetails", "Publish", "EndOfBinding",
    "NewExclusion", "WithdrawalOfExclusion", "SessionEnd", "PriceList", "Schedule", "Band",
  ],
  "command-dispatcher": ["StartTransaction", "ChangeConfiguration"],
};

/** The same of bodies that have no name in the documents, by their route. */
const UNNAMED = { "command-dispatcher": { StationReset: "/api/v1/stations/{stationId}/commands/reset" } };

/** The schema of a field without its alternative null, and the name under which it is shared. */
function resolved(schema, schemas) {
  const inner = schema.anyOf?.find((one) => one.type !== "null") ?? schema;
  const name = inner.$ref?.split("/").at(-1);
  return { of: name === undefined ? inner : schemas[name], name };
}

function kindOf({ type, enum: choices }) {
  const [name] = [type].flat().filter((one) => one !== "null");
  if (choices !== undefined) return "choice";
  return { string: "text", integer: "integer", number: "number", array: "list" }[name] ?? "other";
}

/** The limits of a field; absent limits are left out. */
function limitOf(schema, required, schemas) {
  const { of, name } = resolved(schema, schemas);
  const items = of.items === undefined ? undefined : resolved(of.items, schemas).of;
  const limit = {
    kind: kindOf(of), schema: name, required: required || undefined, choices: (of.enum ?? items?.enum)?.filter((one) => one !== null),
    minLength: of.minLength, maxLength: of.maxLength, pattern: of.pattern,
    minimum: of.minimum, exclusiveMinimum: of.exclusiveMinimum, maximum: of.maximum, minItems: of.minItems, maxItems: of.maxItems,
  };
  return Object.fromEntries(Object.entries(limit).filter(([, value]) => value !== undefined));
}

const lines = ["import type { Limit } from \"../src/forms/limit.ts\";", "", "export const limits = {"];
for (const [service, bodies] of Object.entries(BODIES)) {
  const { paths, components: { schemas } } = JSON.parse(await readFile(here(`../../../docs/openapi/${service}.json`), "utf8"));
  const named = bodies.map((body) => [body, schemas[body]]);
  const unnamed = Object.entries(UNNAMED[service] ?? {}).map(([body, path]) => [body, paths[path].post.requestBody.content["application/json"].schema]);
  for (const [body, schema] of [...named, ...unnamed]) {
    const { required = [], oneOf = [], properties = Object.assign({}, ...oneOf.map((one) => one.properties)) } = schema;
    const fields = Object.entries(properties).map(([name, schema]) => [name, limitOf(schema, required.includes(name), schemas)]);
    lines.push(`  ${body}: ${JSON.stringify(Object.fromEntries(fields))},`);
  }
}
lines.push("} as const satisfies Readonly<Record<string, Readonly<Record<string, Limit>>>>;", "");
await mkdir(here("generated"), { recursive: true });
await writeFile(here("generated/limits.ts"), lines.join("\n"));
