/** What is known of one customer's chat, and what follows from it. */
import { computed, signal } from "@preact/signals";
import type { Availability, CustomerSnapshot, PublicBusiness } from "../api/types";
import type { CallDelta } from "./incoming";
import { type Outgoing } from "./outbox";
import { type Earlier, transcript } from "./transcript";
import type { Line } from "./ui/lines";

/** What can be known without a conversation. */
export interface About {
  business: PublicBusiness;
  availability: Availability | null;
  /** Whether there can be calls. */
  calls: boolean;
}

/** Why there is no chat (any more). */
export interface Trouble {
  code: string;
  message: string;
}

export type State = ReturnType<typeof createState>;

export function createState(outbox: Outgoing[]) {
  const snapshot = signal<CustomerSnapshot | null>(null);
  const earlier = signal<Earlier | null>(null);
  const about = signal<About | null>(null);
  const conversation = computed(() => snapshot.value?.conversation ?? null);
  const messages = computed(() => transcript(snapshot.value, earlier.value));
  return {
    snapshot,
    earlier,
    about,
    conversation,
    messages,
    outbox: signal(outbox),
    /** Whether the customer came when nobody was there. */
    away: signal(false),
    /** Who of the team types. */
    typist: signal<string | null>(null),
    live: signal(false),
    /** Whether the connection has been gone for so long that it should be said. */
    late: signal(false),
    /** Whether there is a network at all, as far as the browser knows. */
    online: signal(navigator.onLine),
    /** What the feed told last of a call. */
    ring: signal<CallDelta | null>(null),
    /** What happened beside what was said. */
    happened: signal<Line[]>([]),
    trouble: signal<Trouble | null>(null),
    /** Whether the customer has the chat before them. */
    watching: signal(true),
    visible: signal(!document.hidden),
    business: computed<PublicBusiness | null>(() => snapshot.value?.business ?? about.value?.business ?? null),
    customer: computed(() => snapshot.value?.customer ?? null),
    availability: computed(() => about.value?.availability ?? null),
    calls: computed(() => about.value?.calls),
    hasEarlier: computed(() => earlier.value?.more ?? conversation.value?.hasEarlier ?? false),
    unread: computed(() => {
      const mark = conversation.value?.marks.readByCustomer ?? 0;
      return messages.value.filter((it) => it.author.kind !== "customer" && it.position > mark).length;
    }),
  };
}

/** Whether nobody will answer for a while. */
export function deserted(there: Availability): boolean {
  return there.open === false || there.agentsOnline === 0;
}
