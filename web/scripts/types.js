/** Derives the pages' types of the API and of the live feed from the documents that the server speaks by. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import openapiTS, { astToString } from "openapi-typescript";

const root = resolve(import.meta.dirname, "..");
const read = (name) => readFileSync(resolve(root, "../openapi", name), "utf8");

const api = JSON.parse(read("openapi.json"));
const feed = JSON.parse(read("socket.schema.json").replaceAll("#/$defs/", "#/components/schemas/"));
// What both speak of has one name and one shape.
api.components.schemas = { ...feed.$defs, ...api.components.schemas };

const types = astToString(await openapiTS(api, { defaultNonNullable: false }));
const head = "/** Made from openapi/ by scripts/types.js; not to be changed by hand. */\n";
writeFileSync(resolve(root, "api/generated.ts"), head + types);
