/** A business's team and its customers, each as they use the API. */
import type { BrowserContext } from "playwright-core";
import type { OpenChat } from "./openchat";

const PASSWORD = "a long enough password";
let people = 0;

/** Somebody with a session of their own. */
export class Person {
  cookie = "";
  id = "";

  private constructor(
    readonly server: OpenChat,
    readonly name: string,
    readonly email: string,
  ) {}

  /** Signs up and sets a business up: its owner, who is an agent too. */
  static async owner(server: OpenChat, name = "Ana Rivera", business = "Acme Outdoor"): Promise<Person> {
    const it = new Person(server, name, `person${++people}@acme.test`);
    await it.post("/api/auth/sign-up", { name, email: it.email, password: PASSWORD });
    await it.post("/api/business/setup", { businessName: business, domain: "https://acme.test" });
    return it.known();
  }

  /** Joins the team of whoever invites. */
  async colleague(name: string, role: "agent" | "admin" = "agent"): Promise<Person> {
    const it = new Person(this.server, name, `person${++people}@acme.test`);
    const { inviteUrl } = await this.post<{ inviteUrl: string }>("/api/business/agents", {
      email: it.email,
      name,
      role,
    });
    const token = new URL(inviteUrl).searchParams.get("token") ?? inviteUrl.split("/").pop()!;
    await it.post("/api/auth/accept-invite", { token, name, password: PASSWORD });
    return it.known();
  }

  private async known(): Promise<Person> {
    this.id = (await this.ask<{ agent: { id: string } }>("GET", "/api/auth/me")).agent.id;
    return this;
  }

  async ask<T>(method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<T> {
    const headers: Record<string, string> = { cookie: this.cookie, ...more };
    if (body !== undefined) headers["content-type"] = "application/json";
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = JSON.stringify(body);
    const answer = await fetch(this.server.url + path, init);
    const session = answer.headers.getSetCookie().find((one) => one.startsWith("oc_session="));
    if (session) this.cookie = session.split(";")[0]!;
    const json = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
    return json as T;
  }

  post<T>(path: string, body?: unknown): Promise<T> {
    return this.ask<T>("POST", path, body);
  }

  /** Does something with a conversation. */
  act<T = unknown>(conversation: string, verb: string, body?: unknown): Promise<T> {
    return this.post<T>(`/api/admin/support/conversations/${conversation}/${verb}`, body);
  }

  /** The conversation of the customer whom the business knows by an id. */
  async conversationOf(externalUserId: string): Promise<string | undefined> {
    type Found = { id: string; customer: { externalUserId: string | null } };
    const { data } = await this.ask<{ data: Found[] }>("GET", "/api/admin/support/inbox?view=all");
    return data.find((it) => it.customer.externalUserId === externalUserId)?.id;
  }

  /** Gives a browser this person's session. */
  async enter(context: BrowserContext): Promise<void> {
    const [name, value] = this.cookie.split("=") as [string, string];
    await context.addCookies([{ name, value, url: this.server.url, httpOnly: true, sameSite: "Lax" }]);
  }

  /** A key of the business, for its backend. */
  async key(permissions: string[]): Promise<string> {
    const made = await this.post<{ key: string }>("/api/business/keys", {
      name: "Backend",
      permissions,
      originMode: "strict",
      allowedOrigins: [],
    });
    return made.key;
  }
}

/** What a customer is known by. */
export interface Profile {
  externalUserId: string;
  name?: string;
  email?: string;
  phone?: string;
  metadata?: Record<string, string | number | boolean>;
}

/** The business's backend, through which its customers write. */
export class Backend {
  private constructor(
    private readonly owner: Person,
    private readonly key: string,
  ) {}

  static async of(owner: Person): Promise<Backend> {
    return new Backend(owner, await owner.key(["support:read", "support:write"]));
  }

  private ask<T>(path: string, body: unknown): Promise<T> {
    return this.owner.ask<T>("POST", path, body, { "x-api-key": this.key, cookie: "" });
  }

  /** A customer's new conversation; answers its id. */
  async writes(customer: Profile, text: string, subject?: string): Promise<string> {
    const made = await this.ask<{ conversation: { id: string } }>("/api/public/support/conversations", {
      customer,
      message: { type: "text", text },
      ...(subject && { subject }),
    });
    return made.conversation.id;
  }

  async goesOn(conversation: string, text: string): Promise<void> {
    await this.ask(`/api/public/support/conversations/${conversation}/messages`, { message: { type: "text", text } });
  }

  /** A link that brings a customer to the support page. */
  async link(customer: Profile): Promise<string> {
    const { redirectTo } = await this.ask<{ redirectTo: string }>("/api/public/support/handoffs", { customer });
    return redirectTo;
  }

  /** A customer's own session, by a handoff; answers its token. */
  async session(customer: Profile): Promise<string> {
    const token = new URL(await this.link(customer)).pathname.split("/").pop();
    const answer = await fetch(`${this.owner.server.url}/api/webchat/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
    const begun = (await answer.json()) as { session: { token: string } };
    if (!answer.ok) throw new Error(JSON.stringify(begun));
    return begun.session.token;
  }
}
