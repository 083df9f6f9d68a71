/** What the API and the team's live feed say, by the names that the inbox uses. */
import type { components } from "../api/generated";

type Schemas = components["schemas"];

export type Position = number;
export type Agent = Schemas["AgentSummary"];
export type AgentRef = Schemas["AgentRef"];
export type Author = Schemas["Author"];
export type Availability = Schemas["Availability"];
export type Brief = Schemas["ConversationBrief"];
export type Conversation = Schemas["ConversationView"];
export type Customer = Schemas["CustomerRef"];
export type Me = Schemas["Me"];
export type Priority = Schemas["Priority"];
export type QueueEntry = Schemas["QueueEntry"];
export type Status = Schemas["Status"];

/** A file that was uploaded. */
export type SharedFile = Schemas["File"];

export type Message = Schemas["Message"];
/** A message, or a note that only the team sees. */
export type Entry = Schemas["TranscriptEntry"];

/** A text that is kept for use again, under a short name. */
export type Reply = Schemas["CannedReply"];

/** What one event changed, in its place in the feed. */
export type Delta = Schemas["SentDelta_AgentChange"];

/** The delta of a kind. */
export type DeltaOf<K extends Delta["type"]> = Extract<Delta, { type: K }>;

type Notice = Schemas["Notice_AgentSnapshot"];

/** An event of a conversation, as the history has it. */
export type Recorded = Schemas["AuditEntry"];

/** What an agent's page begins with. */
export type Snapshot = Extract<Notice, { type: "hello" }>["snapshot"];

/** Everything that an agent's socket is sent. */
export type Frame = Delta | Notice;

/** What the page may send on its socket. */
export type ClientFrame = Schemas["client"];

/** A page of a list. */
export interface Page<T> {
  data: T[];
  nextCursor: string | null;
}
