/** Takes the README's pictures of a running sample business: `npm run screenshots`, after a build. */
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const repository = resolve(import.meta.dirname, "../..");
const docs = join(repository, "docs");
const target = process.env.CARGO_TARGET_DIR ?? join(repository, "target");
const binary = [process.env.OPENCHAT_BIN, join(target, "release/openchat"), join(target, "debug/openchat")].find(
  (path) => path && existsSync(path),
);
const LARGEST = 200_000;

if (!binary) throw new Error("There is no openchat binary; build it first, or name it in OPENCHAT_BIN.");

/** Starts a server with the sample business; answers where it is. */
async function serve(data) {
  const env = { ...process.env, OC_DATA_DIR: data, OC_HTTP_ADDR: "127.0.0.1:0" };
  const server = spawn(binary, ["serve", "--demo"], { env, stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise((found, failed) => {
    createInterface({ input: server.stdout }).on("line", (line) => {
      const said = /^OpenChat serves on (\S+)/.exec(line)?.[1];
      if (said) found(said);
    });
    server.once("exit", (code) => failed(new Error(`openchat ended with ${code}`)));
  });
  return { server, url };
}

async function picture(page, name) {
  const path = join(docs, `${name}.png`);
  await page.screenshot({ path });
  const { size } = statSync(path);
  console.log(`docs/${name}.png: ${Math.round(size / 1000)} kB`);
  if (size > LARGEST) throw new Error(`${path} is too large for a README.`);
}

/** A browser with a look of its own; the sample owner is signed in when it is the agent's. */
async function open(browser, url, options, agent) {
  const context = await browser.newContext({ deviceScaleFactor: 1, locale: "en-GB", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  if (agent) {
    await page.goto(`${url}/demo/agent`);
    await page.waitForSelector(".row");
  }
  return page;
}

async function shop(browser, url) {
  const page = await open(browser, url, { viewport: { width: 1200, height: 800 } });
  await page.goto(`${url}/demo`);
  await page.locator("openchat-widget button").click();
  const chat = page.frameLocator("openchat-widget iframe");
  await chat.locator("textarea").fill("Hi! Is the two-person tent fine for snow?");
  await chat.locator("textarea").press("Enter");
  await chat.locator(".mine .bubble").waitFor();
  await picture(page, "widget");
}

async function inbox(browser, url, name, options) {
  const page = await open(browser, url, options, true);
  await page.locator(".row").first().click();
  await page.waitForSelector(".bubble");
  await picture(page, name);
}

const data = mkdtempSync(join(tmpdir(), "openchat-pictures-"));
// The database's own user has to get through to its directory.
chmodSync(data, 0o711);
const { server, url } = await serve(join(data, "data"));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  await shop(browser, url);
  const desk = { viewport: { width: 1360, height: 820 } };
  await inbox(browser, url, "inbox", desk);
  await inbox(browser, url, "inbox-dark", { ...desk, colorScheme: "dark" });
  await inbox(browser, url, "inbox-phone", { viewport: { width: 390, height: 780 } });
  const portal = await open(browser, url, { viewport: { width: 1200, height: 800 } }, true);
  await portal.goto(`${url}/portal/launch`);
  await portal.waitForSelector(".steps");
  await picture(portal, "portal");
} finally {
  await browser.close();
  const ended = new Promise((done) => server.once("exit", done));
  server.kill("SIGTERM");
  await ended;
  rmSync(data, { recursive: true, force: true });
}
