/**
 * How the pages are built: one HTML file each, with scripts and styles under names that change with their content.
 *
 * `--mode customers` builds those of customers, everything else the others: what a customer has to fetch shares nothing
 * with what is only for others, so that it is less.
 */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";
import { customers, html, others } from "./pages/shells.ts";

const pages = resolve(import.meta.dirname, "pages");
const dist = resolve(import.meta.dirname, "dist");

/** What every customer's page needs at once: one file squeezes better than eight, and comes sooner. */
const CHAT = /node_modules[\\/]@?preact|preload-helper|\/(api|chat)\/(?!ui\/(FileView|Outcome|Refusal|Trouble)|files|link)[\w/]+\.tsx?$|\/i18n\/(index|speaker|en)\.ts$/;

/** Makes the pages' HTML out of their shells. */
function shells(all: typeof others): Plugin {
  const files = new Map(Object.entries(all).map(([name, shell]) => [join(pages, `${name}.html`), html(shell)]));
  return {
    name: "shells",
    config: () => ({ build: { rolldownOptions: { input: [...files.keys()] } } }),
    resolveId: (id) => (files.has(id) ? id : null),
    load: (id) => files.get(id) ?? null,
  };
}

/**
 * Lets one write in the frame before its script is here: what that takes comes first and by itself, what the rest needs
 * holds nothing up, and the page's words come along with the script.
 */
const early: Plugin = {
  name: "early",
  transformIndexHtml: {
    order: "post",
    handler: (page, { filename, bundle = {} }) => {
      const lang = /webchat\.(\w+)\.html$/.exec(filename)?.[1];
      if (!lang) return page;
      const [style, script] = [".css", ".js"].map((end) => readdirSync(join(dist, "assets")).find((it) => it.startsWith("first-") && it.endsWith(end)));
      const first = `<link rel="stylesheet" href="/assets/${style}" />\n    <script src="/assets/${script}" async fetchpriority="high"></script>`;
      const words = Object.values(bundle).find((it) => it.type === "chunk" && it.facadeModuleId?.endsWith(`/i18n/${lang}.ts`));
      const links = [...page.matchAll(/\n *<link rel="(?:stylesheet|modulepreload)"[^>]*>/g)].map(([link]) => link);
      if (words) links.push(`\n    <link rel="modulepreload" crossorigin href="/${words.fileName}">`);
      return links
        .reduce((rest, link) => rest.replace(link, ""), page)
        .replace('<script type="module"', `${first}\n    <script type="module"`)
        .replace("\n  </body>", `${links.join("")}\n  </body>`);
    },
  },
};

export default defineConfig(({ mode }) => ({
  root: pages,
  // Names in files that are kept for ever must not be relative to whatever page asks.
  base: "/",
  plugins: mode === "customers" ? [shells(customers), early] : [shells(others)],
  build: {
    outDir: dist,
    emptyOutDir: false,
    target: ["chrome111", "firefox114", "safari16.4"],
    // The policy allows nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      ...(mode !== "customers" && { input: [join(pages, "demo.html")] }),
      output: {
        // What every page has is fetched once for all of them.
        codeSplitting: {
          groups:
            mode === "customers"
              ? [{ name: "chat", test: CHAT }]
              : [
                  { name: "preact", test: /node_modules[\\/]@?preact/ },
                  { name: "base", test: /\/(api\/client|i18n\/speaker)\.ts$|preload-helper/ },
                ],
        },
      },
    },
  },
  oxc: { jsx: { runtime: "automatic" as const, importSource: "preact" } },
}));
