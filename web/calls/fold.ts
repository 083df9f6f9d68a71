/** What each step of a call makes of it: the same fold as the server's (`CallView`). */
import type { Author, Call, EndedCall, Ending, Step } from "./types";

/** A call's end, in its place in the log. */
interface Ended {
  at: string;
  position: number;
  data: Ending;
}

export function called(call: Call, { type, data }: Pick<Step, "type" | "data">): Call {
  switch (type) {
    case "call.rang":
      return { ...call, rings: (data as { agent?: Call["rings"] }).agent ?? null };
    case "call.answered":
      return { ...call, state: "answered" };
    case "call.escalated":
      return { ...call, type: "video" };
  }
  const { by } = data as { by: Author };
  if (type === "call.declined") return settled(call, by);
  const joined = call.joined.filter((it) => !isSame(it, by));
  return type === "call.left" ? { ...call, joined } : settled({ ...call, joined: [...joined, by] }, by);
}

/** What is remembered of a call that is over. */
export function ended(call: Call, { at, position, data }: Ended): EndedCall {
  const { id, type, by, startedAt } = call;
  const { reason, durationSeconds } = data;
  return { id, type, by, startedAt, reason, durationSeconds, endedAt: at, position };
}

/** At an agent who has answered or declined it rings no more. */
function settled(call: Call, by: Author): Call {
  return by.kind === "agent" && call.rings?.id === by.id ? { ...call, rings: null } : call;
}

/** Whether they are the same, whatever they were called at the time; a conversation has one customer. */
function isSame(one: Author, other: Author): boolean {
  return one.kind === other.kind && (one.kind !== "agent" || one.id === (other as typeof one).id);
}
