/** How a page comes to a session; here, a visitor by the widget's key. */
import { ask } from "../api/client";
import type { ChatAnswer } from "../api/types";
import type { Keep } from "./keep";

/** A session that the page has. Without a token it is the browser's cookie that opens it. */
export interface Session {
  token: string | null;
  /** Whether it is that of somebody whom the business knows. */
  known: boolean;
}

export interface Door {
  /** The session that the page came with, if any. */
  readonly session: Session | null;
  /** The same, begun if there is none. */
  enter(): Promise<Session>;
  /** Becomes the customer of a handoff; whatever a visitor has said goes along. */
  identify(token: string): Promise<Session>;
  /** Finds a session that only the browser's cookie still knows of. */
  back(): Promise<void>;
  /** The session is over and opens nothing any more. Answers whether another can be begun. */
  lost(): boolean;
}

const SESSION = "/api/webchat/session";

/** Headers that say whose request it is. */
export function as(session: Session | null): Record<string, string> {
  return session?.token ? { authorization: `Bearer ${session.token}` } : {};
}

/** Looks at a session. */
export function looked(session: Session | null): Promise<ChatAnswer> {
  return ask<ChatAnswer>("GET", SESSION, as(session));
}

export function begin(body: { key: string } | { token: string }, before: Session | null): Promise<ChatAnswer> {
  return ask<ChatAnswer>("POST", SESSION, as(before), body);
}

export function begun({ session: { token, entry } }: ChatAnswer): Session {
  return { token: token ?? null, known: entry === "handoff" };
}

/**
 * The widget's: a visitor is registered only when there is something to say, and known again by what the frame keeps,
 * which the browser keeps apart for each website. A browser that lets a frame keep nothing may still keep its cookie.
 */
export function widgetDoor(key: string, kept: Keep): Door {
  const lasting = (): Session | null => {
    const token = kept.get("session");
    return token ? { token, known: kept.get("known") !== null } : null;
  };
  let session = lasting();
  let entering: Promise<Session> | null = null;
  let looking: Promise<void> | null = null;
  const back = async () => {
    if (session || kept.lasting) return;
    // Without an answer there is at least a new beginning.
    const answer = await looked(null).catch(() => null);
    if (answer) session ??= begun(answer);
  };
  const become = async (body: { key: string } | { token: string }) => {
    session = begun(await begin(body, session));
    kept.set("session", session.token);
    kept.set("known", session.known ? "yes" : null);
    return session;
  };
  return {
    get session() {
      return session;
    },
    back: () => (looking ??= back()),
    enter: async () => {
      await (looking ??= back());
      if (session) return session;
      entering ??= alone(async () => (session ??= lasting()) ?? become({ key })).finally(() => (entering = null));
      return entering;
    },
    identify: async (token) => {
      // A visitor who is just being registered is to go along.
      await (looking ??= back());
      await entering?.catch(() => undefined);
      return become({ token });
    },
    lost: () => {
      session = null;
      kept.set("session", null);
      kept.set("known", null);
      return true;
    },
  };
}

/** Does it while no other tab does, as far as the browser can say: two tabs of one visitor are not to become two. */
async function alone<T>(doing: () => Promise<T>): Promise<T> {
  let begun = false;
  try {
    return await navigator.locks.request("openchat", () => {
      begun = true;
      return doing();
    });
  } catch (error) {
    // There are no locks on an unsafe connection, nor where a frame may keep nothing.
    if (begun) throw error;
    return doing();
  }
}
