/** A business with its owner, who is its agent too, as they use the API. */
import type { OpenChat } from "./openchat";

export interface Key {
  key: string;
  integrationKey: { id: string };
}

export interface Told {
  id: string;
  text: string;
  author: { kind: string; name?: string };
  position: number;
}

let businesses = 0;

export class Business {
  #cookie = "";

  private constructor(readonly server: OpenChat) {}

  static async setUp(server: OpenChat, name = "Acme Support"): Promise<Business> {
    const it = new Business(server);
    const email = `owner${++businesses}@acme.test`;
    await it.post("/api/auth/sign-up", { name: "Ana Rivera", email, password: "a long enough password" });
    await it.post("/api/business/setup", { businessName: name, domain: "https://acme.test" });
    return it;
  }

  /** Asks the API as the owner, or with a key. */
  async ask<T>(method: string, path: string, body?: unknown, key?: string): Promise<T> {
    const headers: Record<string, string> = key ? { "x-api-key": key } : { cookie: this.#cookie };
    if (body !== undefined) headers["content-type"] = "application/json";
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = JSON.stringify(body);
    const answer = await fetch(this.server.url + path, init);
    const session = answer.headers.getSetCookie().find((it) => it.startsWith("oc_session="));
    if (session) this.#cookie = session.split(";")[0]!;
    const json = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
    return json as T;
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.ask<T>("POST", path, body);
  }

  key(more: { originMode?: "strict" | "hotspot"; allowedOrigins?: string[]; permissions?: string[] }): Promise<Key> {
    return this.post("/api/business/keys", {
      name: "Website",
      permissions: ["support:read"],
      originMode: "strict",
      allowedOrigins: [],
      ...more,
    });
  }

  /** A link that the business's backend gets for a customer. */
  async handoff(customer: object): Promise<string> {
    const { key } = await this.key({ permissions: ["support:write"] });
    const made = await this.ask<{ redirectTo: string }>(
      "POST",
      "/api/public/support/handoffs",
      { customer },
      key,
    );
    return made.redirectTo;
  }

  /** The cookie of the owner's session, for a browser. */
  get cookie(): { name: string; value: string; url: string } {
    const [name, value] = this.#cookie.split("=") as [string, string];
    return { name, value, url: this.server.url };
  }

  /** The owner takes conversations, or doesn't. */
  async available(availability: "online" | "away" | "offline"): Promise<void> {
    await this.ask("PUT", "/api/admin/support/me/availability", { availability });
  }

  /** Does something to a conversation: `typing`, `resolve`, `read`, … */
  async act(conversation: string, action: string, body: object = {}): Promise<void> {
    await this.post(`/api/admin/support/conversations/${conversation}/${action}`, body);
  }

  /** Takes a conversation and answers in it. */
  async reply(conversation: string, text: string): Promise<void> {
    await this.post(`/api/admin/support/conversations/${conversation}/messages`, {
      message: { type: "text", text },
    });
  }

  /** The conversation whose latest customer message is this. */
  async conversationOf(text: string): Promise<string> {
    for (;;) {
      const { data } = await this.ask<{ data: { id: string; lastMessage?: { text?: string } }[] }>(
        "GET",
        "/api/admin/support/inbox?view=all",
      );
      const found = data.find((it) => JSON.stringify(it).includes(text));
      if (found) return found.id;
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  async messages(conversation: string): Promise<Told[]> {
    const page = await this.ask<{ data: Told[] }>("GET", `/api/admin/support/conversations/${conversation}/messages`);
    return page.data;
  }
}
