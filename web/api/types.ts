/** What the API and the live feed say to a customer's pages, under the names by which these speak of it. */
import type { components } from "./generated";

type Schemas = components["schemas"];

export type Position = number;
export type Author = Schemas["Author"];
export type Branding = Schemas["Branding"];
export type CallView = Schemas["CallView"];
export type OwnProfile = Schemas["OwnProfile"];

/** A file that a message brings. */
export interface FileRef {
  id: string;
  name: string;
  mediaType: string;
  size: number;
}

/** A message; with a file, the words beside it may be none. */
export type Message = Omit<Schemas["Message"], "type"> & { type: "text" | "file"; file?: FileRef | null };

/** What a customer sees of a business. Without a language, the page speaks the browser's. */
export type PublicBusiness = Schemas["PublicBusiness"] & { language?: string | null };

/** A conversation as its customer sees it. */
export type OwnConversation = Omit<Schemas["OwnConversation"], "messages"> & { messages: Message[] };

/** What a customer's page begins with. */
export interface CustomerSnapshot {
  customer: OwnProfile;
  business: PublicBusiness;
  conversation?: OwnConversation | null;
}

/** What one event changed, in its place in the feed: a `null` clears a field, one that is left out stays. */
export type Delta = Schemas["SentDelta_CustomerChange"];

/** One kind of change. */
export type Change<T extends Delta["type"]> = Extract<Delta, { type: T }>;

type Notice = Schemas["Notice_CustomerSnapshot"];

/** The first frame, with everything as of its position. */
export type Hello = Omit<Extract<Notice, { type: "hello" }>, "snapshot"> & { snapshot: CustomerSnapshot };

/** Everything that a customer's socket is sent. */
export type Frame = Delta | Hello | Exclude<Notice, { type: "hello" }>;

/** What a page may send on its socket. */
export type ClientFrame = Schemas["client"];

/** Whether somebody is there, and when somebody will be. */
export type Availability = Schemas["ConfigAvailability"] & {
  /** Whether it is within the opening hours. */
  open?: boolean;
  /** When they begin again. */
  opensAt?: string | null;
};

/** What a page knows of a business before anybody writes. */
export type Config = Omit<Schemas["ConfigAnswer"], "availability"> & {
  availability: Availability;
  language?: string | null;
  /** Whether this server has calls. */
  calls?: boolean;
};

/** A session of the webchat, who is asking, and who is asked. */
export type ChatAnswer = Schemas["ChatAnswer"] & {
  business: PublicBusiness;
  availability?: Availability;
  calls?: boolean;
};
