/** How what comes before the chat's own script is built: one classic script and its style. */
import { resolve } from "node:path";
import { defineConfig } from "vite";

export default defineConfig({
  root: resolve(import.meta.dirname, "webchat"),
  build: {
    outDir: resolve(import.meta.dirname, "dist"),
    emptyOutDir: true,
    // A style of its own, instead of one that the script would have to put in.
    cssCodeSplit: false,
    target: ["chrome111", "firefox114", "safari16.4"],
    rolldownOptions: {
      input: resolve(import.meta.dirname, "webchat/writing.ts"),
      output: { format: "iife", entryFileNames: "assets/first-[hash].js", assetFileNames: "assets/first-[hash][extname]" },
    },
  },
});
