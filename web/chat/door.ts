/** How a page comes to a session: a visitor by the widget's key, a known customer by a handoff link. */
import { ApiError, ask } from "../api/client";
import type { ChatSession } from "../api/types";
import type { Keep } from "./keep";

/** A session that the page has. Without a token it is the browser's cookie that opens it. */
export interface Session {
  token: string | null;
}

export interface Door {
  /** The session that the page came with, if any. */
  readonly session: Session | null;
  /** The same, begun if there is none. */
  enter(): Promise<Session>;
  /** Becomes the customer of a handoff; whatever a visitor has said goes along. */
  identify(token: string): Promise<Session>;
  /** The session is over and opens nothing any more. Answers whether another can be begun. */
  lost(): boolean;
}

interface Begun extends ChatSession {
  token: string;
}

const SESSION = "/api/webchat/session";

/** Headers that say whose request it is. */
export function as(session: Session | null): Record<string, string> {
  return session?.token ? { authorization: `Bearer ${session.token}` } : {};
}

/**
 * The widget's: a visitor is registered only when there is something to say, and known again by what the frame keeps,
 * which the browser keeps apart for each website.
 */
export function widgetDoor(key: string, kept: Keep): Door {
  const token = kept.get("session");
  let session: Session | null = token ? { token } : null;
  let entering: Promise<Session> | null = null;
  const begin = async (body: object) => {
    const begun = await ask<Begun>("POST", SESSION, as(session), body);
    session = { token: begun.token };
    kept.set("session", begun.token);
    return session;
  };
  return {
    get session() {
      return session;
    },
    enter: async () => {
      if (session) return session;
      entering ??= begin({ key }).finally(() => (entering = null));
      return entering;
    },
    identify: (token) => begin({ token }),
    lost: () => {
      session = null;
      kept.set("session", null);
      return true;
    },
  };
}

/**
 * A handoff link's: the token is exchanged once, by the page and not by its opening, so that a preview of the link
 * doesn't use it up. A tab then keeps its session for itself, so that two customers' links don't mix; another tab with
 * the same link comes in by the cookie.
 */
export async function linkDoor(link: string, tab: Keep, browser: Keep): Promise<Door> {
  let session = await returning(tab) ?? (await exchange(link, tab, browser));
  return {
    get session() {
      return session;
    },
    enter: async () => session,
    identify: async (token) => (session = await exchange(token, tab, browser)),
    lost: () => {
      tab.set("session", null);
      return false;
    },
  };
}

async function returning(tab: Keep): Promise<Session | null> {
  const token = tab.get("session");
  if (!token) return null;
  try {
    await ask<ChatSession>("GET", SESSION, as({ token }));
    return { token };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

async function exchange(link: string, tab: Keep, browser: Keep): Promise<Session> {
  try {
    const begun = await ask<Begun>("POST", SESSION, {}, { token: link });
    tab.set("session", begun.token);
    browser.set("session", begun.id);
    return { token: begun.token };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    const known = browser.get("session");
    const mine = known ? await ask<ChatSession>("GET", SESSION, {}).catch(() => null) : null;
    if (mine?.id !== known || !mine) throw error;
    return { token: null };
  }
}
