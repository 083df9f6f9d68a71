/** What a call is made of, under the names by which both sides' pages speak of it. */
import type { components } from "../api/generated";

type Schemas = components["schemas"];

export type Author = Schemas["Author"];
export type Call = Schemas["CallView"];
export type EndedCall = Schemas["EndedCall"];
export type EndReason = Schemas["CallEndReason"];
export type Kind = Schemas["CallKind"];

/** The way into a call's room. */
export type Pass = Pick<Schemas["CallPass"], "token" | "serverUrl">;

/** What happens to a call between its beginning and its end, as the team is told. */
export type Step = Exclude<
  Extract<Schemas["SentDelta_AgentChange"], { type: `call.${string}` }>,
  { type: "call.started" | "call.ended" }
>;

/** How a call ended. */
export type Ending = Extract<Schemas["SentDelta_CustomerChange"], { type: "call.ended" }>["data"];
