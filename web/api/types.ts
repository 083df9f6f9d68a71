/** What the API and the live feed say to a customer's pages, as far as these read it. */

export type Position = number;

export interface Branding {
  color: string;
  logoUrl: string | null;
}

/** What a customer sees of a business. */
export interface PublicBusiness {
  name: string;
  welcomeMessage: string | null;
  awayMessage: string | null;
  branding: Branding;
}

/** What a customer sees of its own profile. */
export interface OwnProfile {
  id: string;
  name: string | null;
  email: string | null;
  phone: string | null;
}

export interface AgentRef {
  id: string;
  name: string;
}

export type Author =
  | { kind: "customer"; id: string; name: string | null }
  | { kind: "agent"; id: string; name: string }
  | { kind: "system" };

export interface Message {
  id: string;
  conversationId: string;
  author: Author;
  type: "text";
  text: string;
  createdAt: string;
  position: Position;
  clientMessageId?: string;
}

export interface Call {
  id: string;
  kind: "audio" | "video";
  startedAt: string;
  participants: Author[];
}

export interface Rating {
  score: number;
  comment: string | null;
}

/** A conversation as its customer sees it. */
export interface OwnConversation {
  id: string;
  status: "open" | "resolved";
  channel: "widget" | "handoff" | "api";
  subject: string | null;
  assignee: AgentRef | null;
  queuePosition: number | null;
  messages: Message[];
  hasEarlier: boolean;
  readUpTo: { customer: Position; agents: Position };
  call: Call | null;
  rating: Rating | null;
  createdAt: string;
}

/** What a customer's page begins with. */
export interface CustomerSnapshot {
  customer: OwnProfile;
  business: PublicBusiness;
  conversation: OwnConversation | null;
}

/** What changed: a `null` clears a field, one that is left out stays. */
export type Change =
  | {
      type: "conversation.opened";
      data: { channel: OwnConversation["channel"]; subject: string | null; queuePosition: number | null };
    }
  | { type: "conversation.assigned"; data: { assignee: AgentRef; queuePosition: number | null } }
  | { type: "conversation.unassigned" | "conversation.resolved"; data: { queuePosition: number | null } }
  | { type: "conversation.reopened"; data: { assignee: AgentRef | null; queuePosition: number | null } }
  | { type: "conversation.rated"; data: Rating }
  | { type: "conversation.read"; data: { reader: "customer" | "agent"; upTo: Position } }
  | { type: "message.posted"; data: { message: Message } }
  | { type: "call.started"; data: { callId: string; kind: Call["kind"]; by: Author; startedAt: string } }
  | { type: "call.joined"; data: { callId: string; by: Author } }
  | { type: "call.ended"; data: { callId: string; by: Author | null; durationSeconds: number } }
  | { type: "queue.changed"; data: { queuePosition: number | null } }
  | { type: "customer.updated"; data: { changes: Partial<Omit<OwnProfile, "id">> } }
  | {
      type: "settings.changed";
      data: {
        changes: {
          welcomeMessage?: string | null;
          awayMessage?: string | null;
          color?: string;
          logoUrl?: string | null;
        };
      };
    };

/** What one event changed, in its place in the feed. */
export type Delta = Change & {
  position: Position;
  previous: Position;
  conversationId: string | null;
  at: string;
};

/** Everything that a customer's socket is sent. */
export type Frame =
  | Delta
  | { type: "hello"; position: Position; snapshot: CustomerSnapshot }
  | { type: "resumed"; position: Position }
  | { type: "typing"; conversationId: string; who: { kind: "customer" | "agent"; name?: string }; typing: boolean }
  | { type: "reconnect"; afterMillis: number }
  | { type: "pong" };

/** What a page may send on its socket. */
export type ClientFrame =
  | { type: "typing"; conversationId: string; typing: boolean }
  | { type: "read"; conversationId: string; upTo: Position }
  | { type: "ping" };

/** A session of the webchat. */
export interface ChatSession {
  id: string;
  entry: "widget" | "handoff";
  expiresAt: string;
  customer: OwnProfile;
  business: PublicBusiness;
}

/** What a page knows of a business before anybody writes. */
export interface Config {
  business: { name: string };
  branding: Branding;
  settings: { welcomeMessage: string | null; awayMessage: string | null };
  availability: { agentsOnline: number; expectedWaitSeconds: number | null };
}
