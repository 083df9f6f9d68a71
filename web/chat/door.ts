/** How a page comes to a session: a visitor by the widget's key, a known customer by a handoff link. */
import { ApiError, ask } from "../api/client";
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

function begin(body: { key: string } | { token: string }, before: Session | null): Promise<ChatAnswer> {
  return ask<ChatAnswer>("POST", SESSION, as(before), body);
}

function begun({ session: { token, entry } }: ChatAnswer): Session {
  return { token: token ?? null, known: entry === "handoff" };
}

/**
 * The widget's: a visitor is registered only when there is something to say, and known again by what the frame keeps,
 * which the browser keeps apart for each website. A browser that lets a frame keep nothing may still keep its cookie.
 */
export function widgetDoor(key: string, kept: Keep): Door {
  const token = kept.get("session");
  let session: Session | null = token ? { token, known: kept.get("known") !== null } : null;
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
      entering ??= become({ key }).finally(() => (entering = null));
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

/** A door, and what the server said when it opened. */
export interface Opened {
  door: Door;
  answer: ChatAnswer;
}

/**
 * A handoff link's: the token is exchanged once, by the page and not by its opening, so that a preview of the link
 * doesn't use it up. A tab then keeps its session for itself, so that two customers' links don't mix; another tab with
 * the same link comes in by the cookie.
 */
export async function linkDoor(link: string, tab: Keep, browser: Keep): Promise<Opened> {
  const opened = (await returning(tab)) ?? (await exchange(link, tab, browser));
  let { session } = opened;
  const door: Door = {
    get session() {
      return session;
    },
    back: async () => undefined,
    enter: async () => session,
    identify: async (token) => ({ session } = await exchange(token, tab, browser)).session,
    lost: () => {
      tab.set("session", null);
      return false;
    },
  };
  return { door, answer: opened.answer };
}

interface Entered {
  session: Session;
  answer: ChatAnswer;
}

async function returning(tab: Keep): Promise<Entered | null> {
  const token = tab.get("session");
  if (!token) return null;
  const session = { token, known: true };
  try {
    return { session, answer: await looked(session) };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

async function exchange(link: string, tab: Keep, browser: Keep): Promise<Entered> {
  try {
    const answer = await begin({ token: link }, null);
    const session = begun(answer);
    tab.set("session", session.token);
    browser.set("session", answer.session.id);
    return { session, answer };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    const known = browser.get("session");
    const answer = known && (await looked(null).catch(() => null));
    if (!answer || answer.session.id !== known) throw error;
    return { session: { token: null, known: true }, answer };
  }
}
