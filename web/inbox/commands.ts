/** Carries out what an agent decides: shown at once, sent in the order decided, taken back with a word when refused. */
import { batch, signal } from "@preact/signals";
import { ApiError, ask } from "../api/client";
import { DESK, type Knowledge } from "./knowledge";
import { type Change, holds, type Pending } from "./optimism";
import { createPauses } from "./pauses";
import type { Conversation } from "./types";

const FIRST_RETRY = 1_000;
const LAST_RETRY = 15_000;

export type Commands = ReturnType<typeof createCommands>;

/** What is told when a change was refused. */
export interface Refusal {
  conversationId: string;
  change: Change;
  error: ApiError;
  /** The conversation as it is. */
  now: Conversation | null;
}

export function createCommands(knowledge: () => Knowledge, onRefused: (refusal: Refusal) => void) {
  const pending = signal<readonly Pending[]>([]);
  /** The last command of each conversation: the next one waits for it. */
  const lines = new Map<string, Promise<void>>();
  const { pause, hurry } = createPauses();

  function run(conversationId: string, change: Change): void {
    const one: Pending = { conversationId, change };
    pending.value = [...pending.value, one];
    const before = lines.get(conversationId) ?? Promise.resolve();
    const after = before.then(() => carryOut(one));
    lines.set(conversationId, after);
    void after.finally(() => lines.get(conversationId) === after && lines.delete(conversationId));
  }

  async function carryOut(one: Pending): Promise<void> {
    const { conversationId, change } = one;
    for (let retry = FIRST_RETRY; ; retry = Math.min(retry * 2, LAST_RETRY)) {
      try {
        await send(one);
        return done(one);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.passes) {
          await pause(Math.max(retry, error.retryAfter * 1_000));
          continue;
        }
        await knowledge().refresh(conversationId).catch(() => undefined);
        const now = knowledge().find(conversationId);
        done(one);
        if (!now || !holds(now, change)) onRefused({ conversationId, change, error, now });
        return;
      }
    }
  }

  async function send({ conversationId, change }: Pending): Promise<void> {
    const [verb, body] = request(change, knowledge().find(conversationId));
    let answered: Conversation | undefined;
    await knowledge().learn(async () => {
      const path = `${DESK}/conversations/${conversationId}/${verb}`;
      answered = (await ask<{ conversation?: Conversation }>("POST", path, {}, body)).conversation;
      return answered ? [answered] : [];
    });
    // It is done, but couldn't be read back quickly enough.
    if (!answered) await knowledge().refresh(conversationId);
  }

  function done(one: Pending): void {
    batch(() => (pending.value = pending.value.filter((it) => it !== one)));
  }

  return { pending, run, hurry };
}

/** The route and the body that ask for a change of a conversation that is believed to be as given. */
function request(change: Change, now: Conversation | null): [string, object | undefined] {
  switch (change.kind) {
    case "assign": {
      const from = now?.assignee?.id;
      // Only from whom it is seen with: if somebody else has it meanwhile, that is a refusal.
      return ["assign", { agentId: change.to?.id ?? null, ...(from && { from }) }];
    }
    case "resolve":
      return ["resolve", undefined];
    case "reopen":
      return ["reopen", undefined];
    case "snooze":
      return ["snooze", { until: change.until }];
    case "tags":
      return ["tags", { tags: change.tags }];
    case "priority":
      return ["priority", { priority: change.priority }];
  }
}
