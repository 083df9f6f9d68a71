/** An agent at the inbox, in a browser of its own. */
import type { BrowserContextOptions, Page } from "playwright-core";
import { type Visitor, visitor } from "./browser";
import type { Person } from "./team";

export interface Desk extends Visitor {
  /** The title and the text of every line of the open conversation, system lines too. */
  lines(): Promise<string[]>;
}

/** Opens the inbox as a person, at the list or at a conversation. */
export async function desk(
  person: Person,
  conversation?: string,
  options: BrowserContextOptions = {},
  more: string[] = [],
): Promise<Desk> {
  const browser = await visitor(options, more);
  await person.enter(browser.context);
  const { page } = browser;
  page.setDefaultTimeout(15_000);
  await page.goto(`${person.server.url}/inbox${conversation ? `/${conversation}` : ""}`);
  await page.waitForSelector(conversation ? ".talk-header h2" : ".list-column h2");
  await settled(page);
  return {
    ...browser,
    lines: () => page.locator(".log .bubble, .log .happening").allInnerTexts(),
  };
}

/** Waits until the list has come. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector(".rows[aria-busy=false]") && !document.querySelector(".skeleton"));
}

/** Waits until an element says something. */
export async function says(page: Page, selector: string, text: string | RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor();
}

/** Waits until no element says it. */
export async function saysNot(page: Page, selector: string, text: string | RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor({ state: "detached" });
}

/** Waits until something holds. */
export async function until<T>(what: () => Promise<T | null | undefined | false>): Promise<T> {
  for (;;) {
    const found = await what();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
}
