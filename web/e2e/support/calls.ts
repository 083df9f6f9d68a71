/** Two sides of a call, in browsers with devices that only pretend: a moving picture, a microphone that beeps. */
import type { BrowserContextOptions, Frame, Page } from "playwright-core";
import { type Visitor, visitor } from "./browser";
import { Chat } from "./chat";
import { type Desk, desk, until } from "./desk";
import { Media } from "./media";
import { OpenChat } from "./openchat";
import { Backend, Person } from "./team";

/** What makes a browser have such devices, and allow them without asking. */
export const DEVICES = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

/** A customer and an agent with their conversation. */
export interface Pair {
  customer: Visitor;
  chat: Chat;
  agent: Desk;
  id: string;
}

let customers = 0;

/** A business whose team can be called, with everything that this takes. */
export class Exchange {
  readonly #open: Visitor[] = [];

  private constructor(
    readonly media: Media,
    readonly server: OpenChat,
    readonly ana: Person,
    readonly backend: Backend,
  ) {}

  static async open(settings: Record<string, string> = {}): Promise<Exchange> {
    const media = await Media.start();
    const server = await OpenChat.start([], { ...media.settings, ...settings });
    const ana = await Person.owner(server);
    await available(ana);
    return new Exchange(media, server, ana, await Backend.of(ana));
  }

  /** A customer's browser at the page of a support link, where something has been said. */
  async customer(devices: string[] = DEVICES, options: BrowserContextOptions = {}): Promise<Omit<Pair, "agent">> {
    const externalUserId = `caller${++customers}`;
    const link = await this.backend.link({ externalUserId, name: "Jane" });
    const it = await this.customerAt(link, devices, options);
    return { ...it, id: await until(() => this.ana.conversationOf(externalUserId)) };
  }

  /** The same at a link that was made elsewhere. */
  async customerAt(link: string, devices: string[] = DEVICES, options: BrowserContextOptions = {}): Promise<Pick<Pair, "customer" | "chat">> {
    const customer = this.keep(await visitor(options, devices));
    customer.page.setDefaultTimeout(15_000);
    await tap(customer.page);
    await customer.page.goto(link);
    const chat = new Chat(customer.page);
    await chat.say("Hello");
    await chat.state("Sent");
    return { customer, chat };
  }

  /** A browser in which a person is at the inbox. */
  async desk(person: Person, conversation?: string, options: BrowserContextOptions = {}, url = this.server.url): Promise<Desk> {
    const it = await desk(person, undefined, options, DEVICES);
    this.keep(it);
    await tap(it.page);
    await it.page.goto(`${url}/inbox${conversation ? `/${conversation}` : ""}`);
    await it.page.waitForSelector(conversation ? ".talk-header h2" : ".list-column h2");
    return it;
  }

  async pair(): Promise<Pair> {
    const it = await this.customer();
    return { ...it, agent: await this.desk(this.ana, it.id) };
  }

  keep<V extends Visitor>(it: V): V {
    this.#open.push(it);
    return it;
  }

  /** Closes all browsers. */
  async clear(): Promise<void> {
    for (const one of this.#open.splice(0)) await one.leave();
  }

  async close(): Promise<void> {
    await this.server.destroy();
    await this.media.kill();
  }
}

/** Makes somebody one of those at whom it rings, or not. */
export async function available(person: Person, availability: "online" | "offline" = "online"): Promise<void> {
  await person.ask("PUT", "/api/admin/support/me/availability", { availability });
}

/** The customer begins a call. */
export async function calls(at: Page | Frame, kind: "Audio call" | "Video call"): Promise<void> {
  await at.getByRole("button", { name: kind }).click();
  await at.getByRole("button", { name: "Start the call" }).click();
}

/** The agent takes it. */
export async function answers(at: Page): Promise<void> {
  await at.locator(".ringing").getByRole("button", { name: "Answer" }).click();
}

/** Keeps every connection that a page makes, so that it can be asked what really arrives. */
export async function tap(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const all: RTCPeerConnection[] = ((window as any).connections = []);
    const Original = RTCPeerConnection;
    window.RTCPeerConnection = class extends Original {
      constructor(config?: RTCConfiguration) {
        super(config);
        all.push(this);
      }
    } as typeof RTCPeerConnection;
  });
}

/** What has arrived until now: decoded pictures, and how much sound there was in what was heard. */
export interface Received {
  frames: number;
  energy: number;
}

export function received(at: Page | Frame): Promise<Received> {
  return at.evaluate(async () => {
    const sum = { frames: 0, energy: 0 };
    for (const connection of (window as any).connections as RTCPeerConnection[]) {
      if (connection.connectionState === "closed") continue;
      (await connection.getStats()).forEach((it) => {
        if (it.type !== "inbound-rtp") return;
        sum.frames += it.framesDecoded ?? 0;
        sum.energy += it.totalAudioEnergy ?? 0;
      });
    }
    return sum;
  });
}

/** Waits until something has arrived; a page at which it never does is named. */
async function arrives(at: Page | Frame, what: string, come: (now: Received) => boolean): Promise<void> {
  const deadline = Date.now() + 40_000;
  for (;;) {
    const now = await received(at);
    if (come(now)) return;
    if (Date.now() > deadline) throw new Error(`No ${what} at ${at.url()}: ${JSON.stringify(now)}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Waits until more sound has arrived than now. */
export async function hears(...all: (Page | Frame)[]): Promise<void> {
  await Promise.all(
    all.map(async (at) => {
      const { energy } = await received(at);
      // A connection that was made anew counts anew.
      await arrives(at, "sound", (now) => Math.abs(now.energy - energy) > 0.000_1);
    }),
  );
}

/** Waits until ten more pictures have arrived than now. */
export async function sees(...all: (Page | Frame)[]): Promise<void> {
  await Promise.all(
    all.map(async (at) => {
      const { frames } = await received(at);
      await arrives(at, "pictures", (now) => Math.abs(now.frames - frames) >= 10);
    }),
  );
}
