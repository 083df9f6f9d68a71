/** Owners and admins in the portal: from nothing to a launched business, and all that they manage there. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { violations } from "./support/axe";
import { type Visitor, visitor } from "./support/browser";
import { OpenChat } from "./support/openchat";
import { Shop, snippet } from "./support/shop";
import { Person } from "./support/team";

const run = promisify(execFile);
const SECTIONS = ["launch", "widget", "developers", "agents", "settings", "audit"];
let server: OpenChat;
let shop: Shop;

beforeAll(async () => {
  server = await OpenChat.start();
  shop = await Shop.open();
});

afterAll(async () => {
  await shop.close();
  await server.destroy();
});

/** Goes on by the keyboard until what has the focus says this. */
async function tabTo(page: Page, text: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    const now = await page.evaluate(() => {
      const it = document.activeElement as HTMLElement & { labels?: NodeListOf<HTMLElement> };
      return it.labels?.[0]?.textContent ?? it.textContent ?? "";
    });
    if (now.trim().startsWith(text)) return;
  }
  throw new Error(`The keyboard does not reach “${text}”.`);
}

async function entered(owner: Person, options = {}): Promise<Visitor> {
  const browser = await visitor(options);
  await owner.enter(browser.context);
  return browser;
}

test("by keyboard from nothing to the widget on a website, while the steps tick themselves", async () => {
  const browser = await visitor();
  const { page } = browser;
  await page.goto(`${server.url}/sign-up`);
  await page.waitForSelector("form");
  for (const [label, text] of [["Your name", "Ana Rivera"], ["E-mail address", "ana@portal.test"], ["Password", "a long enough password"]] as const) {
    await tabTo(page, label);
    await page.keyboard.type(text);
  }
  await page.keyboard.press("Enter");
  await page.waitForURL("**/setup");
  await page.waitForSelector("form");
  await tabTo(page, "Name of the business");
  await page.keyboard.type("Acme Outdoor");
  await tabTo(page, "Website");
  await page.keyboard.type(shop.origin);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/portal");
  await page.waitForSelector(".steps");
  await tabTo(page, "Make the widget’s key");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".preview");
  await tabTo(page, "Make the key");
  await page.keyboard.press("Enter");
  const snippet = await page.textContent(".installed code");
  expect(snippet).toMatch(/^<script async src="http.*\/widget\.js" data-api-key="oc_live_\w{60,}"><\/script>$/);

  shop.put("/", { body: snippet! });
  const website = await browser.context.newPage();
  await website.goto(shop.origin);
  await website.waitForSelector("openchat-widget", { state: "attached" });
  await page.click("text=Launch");
  await page.waitForSelector("[data-step=keyMade].done");
  await page.waitForSelector("[data-step=snippetSeen].done");
  expect(await page.textContent("[data-step=snippetSeen]")).toContain(shop.origin);

  // What is shown only once is gone with the page, and said so.
  await page.goto(`${server.url}/portal/widget`);
  await page.waitForSelector(".installed");
  expect(await page.textContent(".installed code")).toContain("…");
  expect(await page.textContent(".installed")).toContain("shown only when it is made");
  expect(browser.complaints).toEqual([]);
  await browser.leave();
});

test("the snippets run as they are, and the steps see it", async () => {
  const owner = await Person.owner(server);
  const browser = await entered(owner);
  const { page } = browser;
  await page.goto(`${server.url}/portal/developers`);
  await page.click("text=New key");
  await page.click("dialog form .primary");
  // The first field that is wrong has the focus, and says why.
  await page.waitForFunction(() => document.activeElement?.getAttribute("name") === "name");
  expect(await page.evaluate(() => document.getElementById(document.activeElement!.getAttribute("aria-describedby")!.split(" ")[1]!)!.textContent)).toBe("Please fill this in.");
  await page.fill("dialog [name=name]", "Backend");
  await page.click("dialog form .primary");
  const key = (await page.textContent("dialog pre"))!;
  await page.click("text=I have kept it");
  const env = { ...process.env, OPENCHAT_API_KEY: key };
  for (const [language, program] of [["curl", ["bash", "-c"]], ["Node.js", ["node", "--input-type=module", "-e"]], ["Python", ["python3", "-c"]]] as const) {
    await page.click(`.tabs >> text=${language}`);
    const code = (await page.textContent(".snippet code"))!;
    const { stdout } = await run(program[0], [...program.slice(1), code], { env });
    expect(stdout, language).toContain(`${server.url}/support/`);
  }
  await page.click("text=Launch");
  await page.waitForSelector("[data-step=firstHandoff].done");
  await owner.ask("PUT", "/api/admin/support/me/availability", { availability: "online" });
  await page.waitForSelector("[data-step=agentOnline].done");
  await browser.leave();
});

test("a key is rotated and revoked, after a question", async () => {
  const owner = await Person.owner(server);
  const made = await owner.post<{ key: string; integrationKey: { id: string } }>("/api/business/keys", { name: "Old backend", permissions: ["support:read"], originMode: "hotspot" });
  const works = async (key: string): Promise<number> => (await fetch(`${server.url}/api/public/support/config`, { headers: { "x-api-key": key } })).status;
  const browser = await entered(owner);
  const { page } = browser;
  await page.goto(`${server.url}/portal/developers`);
  const row = `[data-key="${made.integrationKey.id}"]`;
  await page.click(`${row} >> text=Rotate`);
  await page.click("dialog form .primary");
  const fresh = (await page.textContent("dialog pre"))!;
  expect([await works(made.key), await works(fresh)]).toEqual([200, 200]);
  await page.click("text=I have kept it");
  await page.click(`${row} >> text=Revoke`);
  expect(await page.textContent("dialog h2")).toBe("Revoke “Old backend”?");
  await page.click("dialog .danger");
  await page.waitForSelector(`${row}.gone`);
  expect([await works(made.key), await works(fresh)]).toEqual([401, 401]);
  await browser.leave();
});

test("a key that a website gives away is told, with what to do, until it is rotated", async () => {
  const owner = await Person.owner(server);
  const made = await owner.post<{ key: string; integrationKey: { id: string } }>("/api/business/keys", { name: "Backend", permissions: ["support:read", "support:write"], originMode: "hotspot" });
  shop.put("/exposed", { head: snippet(server, made.key) });
  const customer = await visitor();
  await customer.page.goto(`${shop.origin}/exposed`);
  await customer.page.getByRole("button", { name: "Open chat" }).waitFor();
  await customer.leave();
  const browser = await entered(owner);
  const { page } = browser;
  const row = `[data-key="${made.integrationKey.id}"]`;
  // The sighting is written down behind the website's back.
  while (!(await owner.ask<{ data: { exposed: unknown }[] }>("GET", "/api/business/keys")).data[0]!.exposed);
  await page.goto(`${server.url}/portal/developers`);
  await page.waitForSelector(`${row} .alert`);
  const told = await page.textContent(`${row} .alert`);
  expect(told).toContain(`A browser on ${shop.origin} has used this key`);
  expect(told).toContain("rotate it, and keep it on your server");
  expect(await violations(page)).toEqual([]);
  await page.click(`${row} button:has-text("Rotate")`);
  await page.click("dialog form .primary");
  await page.click("text=I have kept it");
  await page.waitForSelector(`${row} .alert`, { state: "detached" });
  await browser.leave();
});

test("somebody is invited, joins in another browser, and may not open the portal", async () => {
  const owner = await Person.owner(server);
  const browser = await entered(owner);
  const { page } = browser;
  await page.goto(`${server.url}/portal/agents`);
  await page.click("text=Invite");
  await page.fill("dialog [name=name]", "Sam Okafor");
  await page.fill("dialog [name=email]", "sam@portal.test");
  await page.click("dialog form .primary");
  const link = (await page.textContent("dialog pre"))!;
  const other = await visitor();
  await other.page.goto(link);
  await other.page.fill("[name=password]", "short");
  await other.page.click("form .primary");
  expect(await other.page.textContent(".fault")).toBe("Use at least 10 characters.");
  await other.page.fill("[name=password]", "a long enough password");
  await other.page.click("form .primary");
  await other.page.waitForURL("**/inbox");
  await other.page.goto(`${server.url}/portal`);
  await other.page.waitForSelector("text=This is for owners and admins");
  expect(await other.page.getAttribute("main a", "href")).toBe("/inbox");
  await other.leave();
  await page.reload();
  const sam = '[data-agent="sam@portal.test"]';
  await page.click(`${sam} >> text=Edit`);
  await page.fill("dialog [name=capacity]", "7");
  await page.fill("dialog [name=skills]", "billing, german");
  await page.click("dialog form .primary");
  await page.waitForSelector(`${sam} >> text=german`);
  await page.click(`${sam} >> text=Deactivate`);
  await page.click("dialog .danger");
  await page.waitForSelector(`${sam}.gone`);
  await browser.leave();
});

test("settings are saved, seen by the website, and not lost by going elsewhere", async () => {
  const owner = await Person.owner(server);
  const { key } = await owner.post<{ key: string }>("/api/business/keys", { name: "Website", permissions: ["support:read"], originMode: "hotspot" });
  const browser = await entered(owner);
  const { page } = browser;
  await page.goto(`${server.url}/portal/settings`);
  await page.fill("[name='branding.color']", "#ffee58");
  expect(await page.textContent(".contrast")).toContain("Hard to see");
  await page.fill("[name='branding.color']", "#0f766e");
  await page.fill("[name=welcomeMessage]", "Welcome to Acme!");
  expect(await page.textContent(".preview .said")).toBe("Welcome to Acme!");
  await page.click("text=History");
  await page.waitForSelector("dialog >> text=Leave without saving?");
  await page.click("dialog >> text=Cancel");
  await page.click("form:has([name='branding.color']) .primary");
  await page.waitForSelector("text=Saved");
  const config = await (await fetch(`${server.url}/api/public/support/config`, { headers: { "x-api-key": key } })).json();
  expect([config.branding.color, config.welcomeMessage]).toEqual(["#0f766e", "Welcome to Acme!"]);
  await browser.leave();
});

test("the history is filtered, and shows a conversation as it stood", async () => {
  const owner = await Person.owner(server);
  const { key } = await owner.post<{ key: string }>("/api/business/keys", { name: "Backend", permissions: ["support:write"], originMode: "hotspot" });
  const body = JSON.stringify({ customer: { externalUserId: "c1", name: "Jane" }, message: { type: "text", text: "Where is my order?" } });
  await fetch(`${server.url}/api/public/support/conversations`, { method: "POST", headers: { "x-api-key": key, "content-type": "application/json" }, body });
  const browser = await entered(owner);
  const { page } = browser;
  await page.goto(`${server.url}/portal/audit`);
  await page.waitForSelector(".timeline li");
  await page.selectOption("[name=type]", "MessagePosted");
  await page.waitForFunction(() => document.querySelectorAll(".timeline li").length === 1);
  await page.click(".timeline summary");
  await page.click("text=The conversation as it stood then");
  await page.waitForSelector("dialog >> text=Where is my order?");
  await page.keyboard.press("Escape");
  const exported = await page.evaluate(async () => (await fetch(document.querySelector<HTMLAnchorElement>("a[download]")!.href)).text());
  expect(exported.trim().split("\n")).toHaveLength(1);
  await browser.leave();
});

test("signing in tells what is wrong, goes on only within, and ends", async () => {
  const owner = await Person.owner(server);
  const browser = await visitor();
  const { page } = browser;
  await page.goto(`${server.url}/sign-in?next=//evil.test/`);
  await page.fill("[name=email]", owner.email);
  await page.fill("[name=password]", "not the password");
  await page.click("form .primary");
  await page.waitForSelector("[role=alert] >> text=wrong");
  await page.fill("[name=password]", "a long enough password");
  await page.click("form .primary");
  await page.waitForURL(`${server.url}/portal`);
  await page.click("text=Sign out");
  await page.waitForURL("**/sign-in");
  await page.goto(`${server.url}/portal/audit`);
  await page.waitForURL("**/sign-in?next=%2Fportal%2Faudit");
  await browser.leave();
});

test.each(["light", "dark"] as const)("axe finds nothing on any page, %s, and a phone shows all of it", async (colorScheme) => {
  const owner = await Person.owner(server);
  await owner.post("/api/business/keys", { name: "Website", permissions: ["support:read"], originMode: "strict", allowedOrigins: ["https://acme.test"] });
  for (const viewport of [{ width: 1280, height: 800 }, { width: 360, height: 740 }]) {
    const browser = await visitor({ colorScheme, viewport });
    const { page } = browser;
    const look = async (path: string, ready: string): Promise<void> => {
      await page.goto(server.url + path);
      await page.waitForSelector(ready);
      await page.waitForFunction(() => !document.querySelector(".waiting"));
      expect(await violations(page), path).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), path).toBe(true);
    };
    for (const path of ["/", "/?lang=ar", "/sign-in?lang=fr", "/sign-up?lang=es", "/invite/nowhere?lang=ar"]) await look(path, "h1");
    await owner.enter(browser.context);
    for (const section of SECTIONS) await look(`/portal/${section}`, ".card, .steps");
    for (const section of SECTIONS) await look(`/portal/${section}?lang=ar`, "html[dir=rtl] :is(.card, .steps)");
    expect(browser.complaints).toEqual([]);
    await browser.leave();
  }
});
