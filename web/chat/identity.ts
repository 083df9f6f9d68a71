/** Who the customer is: a visitor says it, the website proves it, or takes it back. */
import { effect } from "@preact/signals";
import { ask } from "../api/client";
import { as, type Door } from "./door";
import type { State } from "./state";

interface Around {
  /** Ends the feed and forgets what it told. */
  forget: () => void;
  /** Begins with whatever session there is. */
  begin: () => void;
}

export function identity({ live, outbox, trouble }: State, door: Door, { forget, begin }: Around) {
  let profile: object | null = null;

  /** Tells who the visitor is; before there is a session, when there is one. */
  async function introduce(who: object): Promise<void> {
    profile = who;
    if (!door.session) return;
    profile = null;
    await ask("POST", "/api/webchat/profile", as(door.session), who);
  }

  async function identify(token: string): Promise<void> {
    const known = door.session?.known;
    await door.identify(token);
    forget();
    // What another customer had yet to say isn't this one's; what a visitor had is.
    if (known) outbox.value = [];
    trouble.value = null;
    begin();
  }

  async function logout(): Promise<void> {
    const session = door.session;
    forget();
    door.lost();
    outbox.value = [];
    if (session) await ask("DELETE", "/api/webchat/session", as(session)).catch(() => undefined);
  }

  effect(() => {
    if (live.value && profile) void introduce(profile).catch(() => undefined);
  });
  return { introduce, identify, logout };
}
