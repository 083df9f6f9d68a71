/** What wants the agent's attention, and how it gets it; and what of the agent's attention the others learn. */
import type { Inbox } from "./fold";
import { badge, createSound, notify } from "./notify";
import type { createPrefs } from "./prefs";
import type { Delta } from "./types";
import type { Words } from "./words/en";

interface About {
  me: string;
  prefs: ReturnType<typeof createPrefs>;
  words: Words;
  go(conversation: string): void;
}

/** Something to draw attention to. */
export interface Notice {
  conversationId: string;
  title: string;
  body: string;
}

export type Attention = ReturnType<typeof createAttention>;

export function createAttention({ me, prefs, words, go }: About) {
  const sound = createSound();
  return {
    sound,
    onDelta: (delta: Delta, before: Inbox, open: string | null) => {
      const notice = noticed(delta, before, me, words);
      const looking = !document.hidden && document.hasFocus();
      if (!notice || (looking && notice.conversationId === open)) return;
      const { sound: audible, desktop } = prefs.choices.value;
      if (audible) sound();
      if (desktop && !looking) {
        notify(notice.title, notice.body, notice.conversationId, () => go(notice.conversationId));
      }
    },
    /** Shows in the title and on the icon how many conversations are unread, and in the title who calls. */
    count: (unread: number, business: string, caller: string | null) => {
      const title = business ? `${words.inbox} · ${business}` : words.inbox;
      const counted = unread ? `(${unread}) ${title}` : title;
      document.title = caller ? words.calls.ringing(caller) : counted;
      badge(unread);
    },
  };
}

/** What of a delta concerns this agent: its customers' messages, what it is given, who newly waits. */
export function noticed(delta: Delta, before: Inbox, me: string, words: Words): Notice | null {
  const conversationId = delta.conversationId;
  if (!conversationId) return null;
  const it = before.conversations.find((one) => one.id === conversationId);
  const name = it?.customer.name ?? it?.customer.email ?? words.visitor;
  switch (delta.type) {
    case "message.posted": {
      const { author, text } = delta.data.message;
      if (author.kind !== "customer" || it?.assignee?.id !== me) return null;
      return { conversationId, title: words.newMessage(name), body: text };
    }
    case "conversation.assigned": {
      const { assignee, reason } = delta.data;
      if (assignee.id !== me || (reason.kind !== "routed" && reason.kind !== "given")) return null;
      return { conversationId, title: words.givenToYou(name), body: it?.lastMessage?.text ?? "" };
    }
    case "conversation.opened": {
      const { customer, subject } = delta.data;
      const who = customer.name ?? customer.email ?? words.visitor;
      return { conversationId, title: words.newConversation(who), body: subject ?? "" };
    }
    default:
      return null;
  }
}
