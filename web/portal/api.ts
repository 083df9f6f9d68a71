/** What the portal asks of the API, and the shapes that it gets. */
import { ApiError, ask } from "../api/client";
import type { components } from "../api/generated";

type Schemas = components["schemas"];
export type Me = Schemas["Me"];
export type Agent = Schemas["AgentView"];
export type Permission = Schemas["Permission"];
export type AuditEntry = Schemas["AuditEntry"];
export type ConversationAsOf = Schemas["ConversationAsOf"];
export type Language = "en" | "es" | "fr" | "ar";

/** A key, and where a browser has given it away, if anywhere. */
export type Key = Schemas["IntegrationKeyView"] & { exposed?: { origin: string; at: string } | null };

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];

/** From when to when on a day somebody is there. */
export interface Span {
  day: Day;
  from: string;
  to: string;
}

export interface Hours {
  timeZone: string;
  week: Span[];
}

export type Settings = Omit<Schemas["Settings"], "preferences"> & {
  preferences: Schemas["Preferences"] & { language?: Language | null };
  hours?: Hours | null;
};

export interface Step {
  name: "keyMade" | "snippetSeen" | "firstHandoff" | "firstConversation" | "agentOnline" | "firstReply" | "firstCall";
  doneAt: string | null;
  detail: string | null;
}

export interface Reply {
  shortcut: string;
  text: string;
}

export interface Shown {
  key: string;
  integrationKey: Key;
}

/** Asks as whoever is signed in; a session that has ended leads to the sign-in page and back. */
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  try {
    return await ask<T>(method, path, {}, body);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401 && !path.startsWith("/api/auth/")) signIn();
    throw error;
  }
}

/** Goes to the sign-in page, which leads back here. */
export function signIn(): void {
  location.replace(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
}

export async function signOut(): Promise<void> {
  await ask("POST", "/api/auth/sign-out", {});
  remember(false);
  location.assign("/sign-in");
}

export const me = (): Promise<Me> => ask<Me>("GET", "/api/auth/me", {});

const SIGNED_IN = "openchat-signed-in";

/** Remembers in this browser that somebody is signed in, so that pages for everybody ask who only when it's worth it. */
export function remember(signedIn: boolean): void {
  try {
    if (signedIn) localStorage.setItem(SIGNED_IN, "yes");
    else localStorage.removeItem(SIGNED_IN);
  } catch {
    // A browser that keeps nothing is told again each time.
  }
}

export function isRemembered(): boolean {
  try {
    return localStorage.getItem(SIGNED_IN) !== null;
  } catch {
    return false;
  }
}

/** The inside of a list that is on one page. */
export async function list<T>(path: string): Promise<T[]> {
  return (await call<{ data: T[] }>("GET", path)).data;
}

export const readSettings = async (): Promise<Settings> =>
  (await call<{ settings: Settings }>("GET", "/api/business/admin/settings")).settings;

export const saveSettings = async (changes: object): Promise<Settings> =>
  (await call<{ settings: Settings }>("POST", "/api/business/admin/settings", changes)).settings;
