/** How the pages' tests run: those beside the code, and those in e2e/ with a real server and a real browser. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ["**/*.test.ts"],
    exclude: ["node_modules/**", "dist/**"],
    // Each end-to-end file has a server and a browser of its own; two at once are enough for any machine.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
