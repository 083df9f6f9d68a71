/** How the pages are built: one HTML file each, with scripts and styles under names that change with their content. */
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig } from "vite";

const pages = resolve(import.meta.dirname, "pages");

export default defineConfig({
  root: pages,
  // Names in files that are kept for ever must not be relative to whatever page asks.
  base: "/",
  build: {
    outDir: resolve(import.meta.dirname, "dist"),
    emptyOutDir: true,
    target: ["chrome111", "firefox114", "safari16.4"],
    // The policy allows nothing inline.
    assetsInlineLimit: 0,
    modulePreload: {
      polyfill: false,
      // What every page of its kind has at once need not be named again by its later parts; the rare words can wait.
      resolveDependencies: (_, deps, { hostType }) =>
        hostType === "js" ? deps.filter((it) => !/\/(preact|base|chat|rare)-/.test(it)) : deps,
    },
    rolldownOptions: {
      input: readdirSync(pages)
        .filter((name) => name.endsWith(".html"))
        .map((name) => resolve(pages, name)),
      output: {
        // What every page has is fetched once for all of them.
        codeSplitting: {
          groups: [
            { name: "preact", test: /node_modules[\\/]@?preact/ },
            { name: "base", test: /\/(api\/client|i18n\/speaker)\.ts$|preload-helper/ },
            // What every customer's page needs at once, and its later parts too: one file squeezes better than four.
            {
              name: "chat",
              test: /\/(chat\/(feed|keep|links|outbox|ui\/(icons|lazily|speech))|calls\/fold|i18n\/(index|en))\.tsx?$/,
            },
            // What every call needs on either side, and what it says.
            { name: "calls", test: /\/calls\/(part|ring|devices|lasted|ui\/icons)\.tsx?$/ },
            { name: "words", test: /\/calls\/words\// },
          ],
        },
      },
    },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
});
