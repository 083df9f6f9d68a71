/** What the API and the live feed say to a customer's pages, under the names by which these speak of it. */
import type { components } from "./generated";

type Schemas = components["schemas"];

export type Position = number;
export type Author = Schemas["Author"];
export type Branding = Schemas["Branding"];
export type CallView = Schemas["CallView"];
export type OwnProfile = Schemas["OwnProfile"];

/** A file that a message brings. */
export type FileRef = Schemas["File"];

/** A message; with a file, the words beside it may be none. */
export type Message = Schemas["Message"];

/** What a customer sees of a business. Without a language, the page speaks the browser's. */
export type PublicBusiness = Schemas["PublicBusiness"];

/** A conversation as its customer sees it. */
export type OwnConversation = Schemas["OwnConversation"];

/** What a customer's page begins with. */
export type CustomerSnapshot = Hello["snapshot"];

/** What one event changed, in its place in the feed: a `null` clears a field, one that is left out stays. */
export type Delta = Schemas["SentDelta_CustomerChange"];

/** One kind of change. */
export type Change<T extends Delta["type"]> = Extract<Delta, { type: T }>;

type Notice = Schemas["Notice_CustomerSnapshot"];

/** The first frame, with everything as of its position. */
export type Hello = Extract<Notice, { type: "hello" }>;

/** Everything that a customer's socket is sent. */
export type Frame = Delta | Notice;

/** What a page may send on its socket. */
export type ClientFrame = Schemas["client"];

/** Whether somebody is there, and when somebody will be. */
export type Availability = Schemas["ConfigAvailability"];

/** What a page knows of a business before anybody writes. */
export type Config = Schemas["ConfigAnswer"];

/** A session of the webchat, who is asking, and who is asked. */
export type ChatAnswer = Schemas["ChatAnswer"];
