/** Builds everything into dist/: the pages, the loader, then each file's compressed forms for the server to choose from. */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";

const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");

const run = (config, mode) => build({ configFile: join(root, config), mode, logLevel: "warn" });
await run("vite.early.config.ts");
for (const pages of ["webchat", "support", "team"]) await run("vite.config.ts", pages);
await run("vite.loader.config.ts");

for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  if (!/\.(html|js|css|svg)$/.test(name)) continue;
  const file = join(dist, name);
  const content = readFileSync(file);
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
  writeFileSync(`${file}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}
