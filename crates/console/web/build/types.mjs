// Generates the types of the API from the committed OpenAPI documents at every build, so that they
// are current.
import { mkdir, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import "./limits.mjs";

const here = (path) => new URL(`../${path}`, import.meta.url);

await mkdir(here("generated"), { recursive: true });
for (const service of ["asset-api", "command-dispatcher"]) {
  const ast = await openapiTS(here(`../../../docs/openapi/${service}.json`), { alphabetize: true });
  await writeFile(here(`generated/${service}.ts`), astToString(ast));
}
