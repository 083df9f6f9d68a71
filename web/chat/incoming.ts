/** What the live feed changes in the chat. */
import { batch } from "@preact/signals";
import type { Delta, Frame, Message, Position } from "../api/types";
import { fold } from "./fold";
import { undelivered } from "./outbox";
import type { State } from "./state";
import { carried } from "./transcript";
import type { Typing } from "./typing";

/** What is told of a call. */
export type CallDelta = Extract<Delta, { type: `call.${string}` }>;

/** Takes a frame in. Answers the message of the team that it brings, if it does. */
export function take(state: State, typing: Typing, frame: Frame): Message | null {
  const { snapshot, earlier, conversation } = state;
  switch (frame.type) {
    case "hello":
      batch(() => {
        earlier.value = carried(snapshot.value, earlier.value, frame.snapshot);
        snapshot.value = frame.snapshot;
        settle(state, frame.position);
      });
      return null;
    case "typing":
      if (frame.who.kind === "agent" && frame.conversationId === conversation.value?.id) {
        typing.hear(frame.typing ? frame.who.name : null);
      }
      return null;
    case "resumed":
    case "presence":
    case "viewing":
    case "pong":
    case "reconnect":
      return null;
    default:
      return change(state, typing, frame);
  }
}

function change(state: State, typing: Typing, delta: Delta): Message | null {
  const { snapshot, earlier } = state;
  const last = snapshot.value;
  if (!last) return null;
  batch(() => {
    const next = fold(last, delta);
    // A message that the snapshot shows no more is still on the page.
    if (delta.type === "message.posted") earlier.value = carried(last, earlier.value, next);
    snapshot.value = next;
    if (delta.type.startsWith("call.")) state.ring.value = delta as CallDelta;
    settle(state, delta.position);
  });
  if (delta.type === "conversation.resolved") typing.hear(null);
  if (delta.type !== "message.posted" || delta.data.message.author.kind !== "agent") return null;
  // The server itself tells that whoever said it types no more, unless they have begun anew.
  return delta.data.message;
}

/** What is in the transcript is no longer on its way. */
function settle({ outbox, messages }: State, upTo: Position): void {
  const left = undelivered(outbox.value, messages.value, upTo);
  if (left.length !== outbox.value.length) outbox.value = left;
}
