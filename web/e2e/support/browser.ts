/** A real browser, with nothing left over from before. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, type BrowserContextOptions, chromium, type Frame, type Page } from "playwright-core";

export interface Visitor {
  context: BrowserContext;
  page: Page;
  /** What the browser's console has complained of. */
  complaints: string[];
  leave(): Promise<void>;
}

/** Whether frames of other websites may keep things: they may in most browsers, website by website. */
type Foreign = "kept" | "blocked";

export async function visitor(options: BrowserContextOptions = {}, more: string[] = [], foreign: Foreign = "kept"): Promise<Visitor> {
  const profile = mkdtempSync(join(tmpdir(), "openchat-browser-"));
  // Some distributions forbid it, so it is said in either case.
  mkdirSync(join(profile, "Default"));
  const blocked = foreign === "blocked";
  const preferences = { profile: { cookie_controls_mode: blocked ? 1 : 0, block_third_party_cookies: blocked } };
  writeFileSync(join(profile, "Default/Preferences"), JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...more,
    ],
    locale: "en-GB",
    ...options,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    const { url } = message.location();
    complaints.push(message.text().startsWith("Failed to load resource") ? `${message.text()} ${url}` : message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return {
    context,
    page,
    complaints,
    leave: async () => {
      await page.unrouteAll({ behavior: "ignoreErrors" });
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** The widget's frame in a website's page. */
export async function chatFrame(page: Page): Promise<Frame> {
  const element = await page.waitForSelector("openchat-widget iframe", { state: "attached" });
  const frame = await element.contentFrame();
  if (!frame) throw new Error("The frame has no content.");
  return frame;
}
