/**
 * How the pages are built: one HTML file each, with scripts and styles under names that change with their content.
 *
 * Each mode builds the pages of that name (see `pages/shells.ts`): what a customer has to fetch shares nothing with what
 * is only for others, so that it is less and comes in one piece.
 */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";
import { builds, html, type Shells } from "./pages/shells.ts";

const pages = resolve(import.meta.dirname, "pages");
const dist = resolve(import.meta.dirname, "dist");

interface Modules {
  getModuleInfo(id: string): { importedIds: string[] } | null;
}
interface Group {
  name: string | ((id: string, modules: Modules) => string | null);
  debugName?: string;
  test?: RegExp;
}

/** What every page of the team has is fetched once for all of them. */
const TEAM: Group[] = [
  { name: "preact", test: /node_modules[\\/]@?preact/ },
  { name: "base", test: /\/(api\/client|i18n\/speaker)\.ts$|preload-helper/ },
  // What every call needs, and what it says.
  { name: "calls", test: /\/calls\/(part|ring|devices|lasted|ui\/icons)\.tsx?$/ },
  { name: "call-words", test: /\/calls\/words\// },
];

/** What a customer's page needs at once: one file squeezes better than six, and comes sooner. */
function customer(mode: string): Group[] {
  const main = resolve(import.meta.dirname, `${mode}/main.tsx`);
  let needed: Set<string> | undefined;
  const find = (id: string, modules: Modules, found = new Set<string>()): Set<string> => {
    if (found.has(id)) return found;
    found.add(id);
    for (const it of modules.getModuleInfo(id)?.importedIds ?? []) find(it, modules, found);
    return found;
  };
  return [
    {
      debugName: "chat",
      name: (id, modules) => {
        needed ??= find(main, modules);
        // The other page of the build has what they share, and is not to run the first one's.
        return needed.has(id) && (mode === "webchat" || id !== main) ? "chat" : null;
      },
    },
  ];
}

/** Makes the pages' HTML out of their shells. */
function shells(all: Shells): Plugin {
  const files = new Map(Object.entries(all).map(([name, shell]) => [join(pages, `${name}.html`), html(shell)]));
  return {
    name: "shells",
    config: () => ({ build: { rolldownOptions: { input: [...files.keys()] } } }),
    resolveId: (id) => (files.has(id) ? id : null),
    load: (id) => files.get(id) ?? null,
  };
}

/** Puts before the frame's script what it takes to write until that is here, and beside it the page's words. */
const early: Plugin = {
  name: "early",
  transformIndexHtml: {
    order: "post",
    handler: (page, { filename, bundle = {} }) => {
      const lang = /webchat\.(\w+)\.html$/.exec(filename)?.[1];
      if (!lang) return page;
      const first = readdirSync(join(dist, "assets")).filter((it) => /^first-.*(css|js)$/.test(it)).sort();
      const words = Object.values(bundle).find((it) => it.type === "chunk" && it.facadeModuleId?.endsWith(`/i18n/${lang}.ts`));
      const tags = [
        ...first.map((it) =>
          it.endsWith("css") ? `<link rel="stylesheet" href="/assets/${it}" />` : `<script src="/assets/${it}" async></script>`,
        ),
        ...(words ? [`<link rel="modulepreload" crossorigin href="/${words.fileName}" />`] : []),
      ];
      return page.replace('<script type="module"', `${tags.join("\n    ")}\n    <script type="module"`);
    },
  },
};

export default defineConfig(({ mode }) => ({
  root: pages,
  // Names in files that are kept for ever must not be relative to whatever page asks.
  base: "/",
  plugins: [shells(builds[mode]!), early],
  build: {
    outDir: dist,
    emptyOutDir: false,
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
      ...(mode === "team" && { input: [join(pages, "demo.html")] }),
      output: {
        codeSplitting: { groups: mode === "team" ? TEAM : customer(mode) },
      },
    },
  },
  oxc: { jsx: { runtime: "automatic" as const, importSource: "preact" } },
}));
