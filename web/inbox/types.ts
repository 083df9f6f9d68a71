/** What the API and the team's live feed say, by the names that the inbox uses. */
import type { components } from "../api/generated";
import type { CallChange } from "./call";

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
export interface SharedFile {
  id: string;
  name: string;
  mediaType: string;
  size: number;
}

/** A message; a note is one that only the team sees. */
export type Message = Omit<Schemas["Message"], "type"> & { type: "text" | "file"; file?: SharedFile | null };
export type Entry = Message & { kind: "message" | "note" };

/** A text that is kept for use again, under a short name. */
export interface Reply {
  shortcut: string;
  text: string;
}

type Settings = Schemas["Settings"];
type CallsChange = Exclude<CallChange, { type: "call.joined" }>;
type ReplyChange =
  | { type: "reply.saved"; data: { reply: Reply } }
  | { type: "reply.deleted"; data: { shortcut: string } };

/** What one event changed, in its place in the feed. */
export type Delta =
  | Schemas["SentDelta_AgentChange"]
  | (CallsChange & { position: Position; previous: Position; conversationId: string; at: string })
  | (ReplyChange & { position: Position; previous: Position; conversationId: null; at: string });

/** The delta of a kind. */
export type DeltaOf<K extends Delta["type"]> = Extract<Delta, { type: K }>;

/** What an agent's page begins with. */
export interface Snapshot {
  me: string;
  business: Schemas["BusinessIdentity"];
  settings: Settings;
  agents: Agent[];
  conversations: Conversation[];
  queue: QueueEntry[];
  complete: boolean;
  replies?: Reply[];
}

/** Everything that an agent's socket is sent. */
export type Frame =
  | Delta
  | { type: "hello"; position: Position; snapshot: Snapshot }
  | { type: "resumed"; position: Position }
  | { type: "typing"; conversationId: string; who: Schemas["Typist"]; typing: boolean }
  | { type: "viewing"; conversationId: string; agent: AgentRef; viewing: boolean }
  | ({ type: "presence" } & Schemas["Presence"])
  | { type: "reconnect"; afterMillis: number }
  | { type: "pong" };

/** What the page may send on its socket. */
export type ClientFrame =
  | { type: "typing"; conversationId: string; typing: boolean }
  | { type: "viewing"; conversationId: string | null }
  | { type: "read"; conversationId: string; upTo: Position }
  | { type: "ping" };

/** A page of a list. */
export interface Page<T> {
  data: T[];
  nextCursor: string | null;
}
