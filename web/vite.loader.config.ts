/** How the loader is built: one classic script under a name that never changes. */
import { resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

/** Style sheets in template strings need no line breaks. */
const squeezed: Plugin = {
  name: "squeezed-styles",
  transform: (code, id) =>
    id.endsWith("/loader/styles.ts") ? { code: code.replace(/\s*([{};:,])\s+|\n/g, "$1"), map: null } : null,
};

export default defineConfig({
  root: resolve(import.meta.dirname, "loader"),
  plugins: [squeezed],
  build: {
    outDir: resolve(import.meta.dirname, "dist"),
    emptyOutDir: false,
    target: ["chrome111", "firefox114", "safari16.4"],
    lib: { entry: "widget.ts", formats: ["iife"], name: "OpenChatLoader", fileName: () => "widget.js" },
  },
});
