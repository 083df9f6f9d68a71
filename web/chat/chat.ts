/** One customer's chat: what is known, what happens, what the customer does. The components only show it. */
import { batch, effect } from "@preact/signals";
import { ask } from "../api/client";
import type { Frame, Message } from "../api/types";
import { box } from "./box";
import { type Delivery, delivery } from "./delivery";
import { as, type Door } from "./door";
import type { Host } from "./host";
import { identity } from "./identity";
import { take } from "./incoming";
import type { Keep } from "./keep";
import { type Outgoing, preserved, restored } from "./outbox";
import { attentive, connector, observer, reader } from "./presence";
import { type About, createState, type State } from "./state";
import { type Typing, typing } from "./typing";

export type { Trouble } from "./state";

/** What may come of who is there, or tell of it. */
const STIRRING = new Set<Frame["type"]>([
  "queue.changed",
  "conversation.opened",
  "conversation.unassigned",
  "conversation.resolved",
]);
/** How many messages are read at once from before the snapshot. */
const PAGE = 50;

export interface Options {
  door: Door;
  kept: Keep;
  /** Looks up what can be known without a conversation. */
  look: () => Promise<About>;
  /** What is known of it already. */
  about?: About;
  /** Something was said by the team. */
  onMessage?: (message: Message) => void;
  /** Tells the website that shows the chat. */
  tell?: Host["say"] | undefined;
}

export type Chat = ReturnType<typeof createChat>;

export function createChat({ door, kept, look, about, onMessage, tell }: Options) {
  const written = box<Outgoing>(kept);
  const state = createState(restored(written.read()));
  if (about) state.about.value = about;
  const { conversation, trouble } = state;

  const seeing = observer(state, door, look);
  const connection = connector(state, door, onFrame, lose);
  const readAgain = reader(state, connection.send);
  const talk = typing(state.typist, (now) => {
    const at = conversation.value;
    return !!at && connection.send({ type: "typing", conversationId: at.id, typing: now });
  });
  const out = delivery({
    door,
    outbox: state.outbox,
    stuck: () => trouble.value !== null,
    onEntered: connection.open,
    onLost: lose,
    onRefused: ({ code, message }) => (trouble.value = { code, message }),
  });

  function onFrame(frame: Frame): void {
    if (frame.type === "hello" || frame.type === "resumed") readAgain();
    const said = take(state, talk, frame);
    if (said) onMessage?.(said);
    if (STIRRING.has(frame.type)) void seeing.look();
    out.run();
  }

  /** The session is over: a visitor may begin another, whoever came by a link needs a new one. */
  function lose(): void {
    forget();
    if (!door.lost()) trouble.value = { code: "session_ended", message: "" };
  }

  function forget(): void {
    connection.close();
    talk.hear(null);
    batch(() => {
      state.snapshot.value = null;
      state.earlier.value = null;
    });
  }

  function begin(): void {
    connection.open();
    out.run();
  }

  function wake(): void {
    connection.wake();
    out.hurry();
  }

  effect(() => written.write(preserved(state.outbox.value)));
  attentive(state, wake);
  begin();
  void door.back().then(connection.open);
  return { ...state, ...identity(state, door, { forget, begin }), ...deeds(state, door, talk, out), retry: wake, tell };
}

/** What the customer can do. */
function deeds(state: State, door: Door, talk: Typing, out: Delivery) {
  return {
    /** Headers for requests that are the customer's. */
    headers: () => as(door.session),
    say: (text: string) => {
      talk.tell(false);
      out.say(text);
    },
    attach: out.attach,
    discard: out.discard,
    rate: (score: number, comment: string) =>
      ask("POST", "/api/webchat/rating", as(door.session), comment ? { score, comment } : { score }),
    tellTyping: talk.tell,
    loadEarlier: () => loadEarlier(state, door),
  };
}

/** Reads messages that lie before those that are known. */
async function loadEarlier({ conversation, messages, earlier }: State, door: Door): Promise<void> {
  const at = conversation.value;
  const first = messages.value[0];
  if (!at || !first) return;
  const path = `/api/webchat/messages?before=${first.position}&limit=${PAGE}`;
  const page = await ask<{ data: Message[]; nextCursor: string | null }>("GET", path, as(door.session));
  // Meanwhile the page may show another conversation, or have loaded the same.
  if (messages.value[0]?.id !== first.id) return;
  const known = earlier.value?.conversationId === at.id ? earlier.value.messages : [];
  earlier.value = { conversationId: at.id, messages: [...page.data, ...known], more: page.nextCursor !== null };
}
