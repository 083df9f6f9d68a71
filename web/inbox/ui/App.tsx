/** The whole page: views, list, conversation and customer beside one another, or one at a time where there is less room. */
import { useEffect, useRef } from "preact/hooks";
import { perform } from "../actions";
import type { Inbox } from "../inbox";
import { meaning } from "../keys";
import { type Speech, Speaking } from "../speech";
import type { Watch } from "../watch";
import { Dock, Ringing } from "./Calls";
import { Dialogs } from "./Dialogs";
import { List } from "./List";
import { Nav } from "./Nav";
import { Panel } from "./Panel";
import { TalkView } from "./TalkView";
import { Toasts } from "./Toasts";

interface Props {
  inbox: Inbox;
  watch: Watch;
  speech: Speech;
}

/** How long the second key of a sequence may take, in milliseconds. */
const SEQUENCE = 1_200;

export function App({ inbox, watch, speech }: Props) {
  useShortcuts(inbox);
  const { openId } = inbox.place;
  const { part, elsewhere } = inbox.calls;
  const calling = part.stage.value !== "none" || elsewhere.value;
  const shape = `app${openId.value ? " talking" : ""}${inbox.panel.value ? " detailed" : ""}${calling ? " calling" : ""}`;
  return (
    <Speaking.Provider value={speech}>
      <Connection inbox={inbox} speech={speech} />
      <div class={shape}>
        <Nav inbox={inbox} />
        <main>
          <h1 class="unseen">{speech.words.inbox}</h1>
          <List inbox={inbox} />
          <Dock inbox={inbox} />
          <section class="talk-column" aria-label={speech.words.conversation}>
            <TalkView inbox={inbox} watch={watch} key={openId.value ?? ""} />
          </section>
          {inbox.panel.value && openId.value && <Panel inbox={inbox} />}
        </main>
      </div>
      <Ringing inbox={inbox} />
      <Dialogs inbox={inbox} />
      <Toasts toasts={inbox.toasts} />
    </Speaking.Provider>
  );
}

/** Says when the connection has been gone for longer than a moment, or the session is over. */
function Connection({ inbox, speech: { words } }: { inbox: Inbox; speech: Speech }) {
  const { late, ended } = inbox.knowledge;
  const next = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
  return (
    <div class="connection" role="status">
      {ended.value ? (
        <p>
          {words.ended} <a href={next}>{words.signIn}</a>
        </p>
      ) : (
        late.value && <p>{navigator.onLine ? words.reconnecting : words.disconnected}</p>
      )}
    </div>
  );
}

function useShortcuts(inbox: Inbox): void {
  const before = useRef<string | null>(null);
  useEffect(() => {
    let timer = 0;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const { action, begun } = meaning(event, before.current);
      clearTimeout(timer);
      before.current = null;
      if (!action && !begun) return;
      if (action !== "palette" && (busy(event) || !inbox.prefs.choices.value.keys)) return;
      if (action === "open" && event.target instanceof Element && event.target.closest("a, button, summary")) return;
      if ((action === "next" || action === "previous") && event.key.length > 1 && inField(event, ".log, .panel")) return;
      before.current = begun;
      if (begun) timer = window.setTimeout(() => (before.current = null), SEQUENCE);
      if (!action) return;
      event.preventDefault();
      perform(inbox, action);
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [inbox]);
}

/** Whether keys mean letters now, or belong to what stands over the page. */
function busy(event: KeyboardEvent): boolean {
  return document.querySelector("dialog[open]") !== null || inField(event, "input:not([type=checkbox]):not([type=radio]), textarea, select");
}

function inField(event: KeyboardEvent, selector: string): boolean {
  return event.target instanceof Element && event.target.closest(selector) !== null;
}
