/** How a known customer's page comes to a session, by a handoff's link. */
import { ApiError } from "../api/client";
import type { ChatAnswer } from "../api/types";
import { begin, begun, type Door, looked, type Session } from "./door";
import type { Keep } from "./keep";

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
