/** Something that happened to a conversation, in one sentence with its reason. */
import { lasted } from "../../calls/lasted";
import type { Author, Ending } from "../../calls/types";
import { number } from "../../i18n";
import type { Happening } from "../history";
import type { Inbox } from "../inbox";
import { moment, type Speech, useSpeech } from "../speech";
import type { Conversation } from "../types";
import { nameOf } from "./Face";

interface Props {
  inbox: Inbox;
  it: Conversation;
  happening: Happening;
}

export function HappeningLine({ inbox, it, happening }: Props) {
  const speech = useSpeech();
  const named = (id: string) =>
    inbox.inbox.value?.agents.find((agent) => agent.id === id)?.name ?? speech.words.happened.somebody;
  const text = sentence(happening, speech, named, nameOf(it.customer, speech.words.visitor));
  return (
    <p class="happening" dir="auto">
      {text} <time dateTime={happening.at}>{moment(speech.locale, happening.at)}</time>
    </p>
  );
}

/** The sentence; `named` knows an agent's name by its id. */
export function sentence({ change }: Happening, speech: Speech, named: (id: string) => string, customer: string): string {
  const { words, locale } = speech;
  const said = words.happened;
  switch (change.type) {
    case "conversation.opened":
      return said.opened(customer, words.channel[change.data.channel] ?? "");
    case "conversation.assigned":
      return assigned(change.data, speech, named);
    case "conversation.unassigned": {
      const { reason, previous } = change.data;
      if (reason.kind === "released") return said.released(named(reason.by));
      const why: string | ((name: string) => string) = said[reason.kind];
      return typeof why === "string" ? why : why(named(previous));
    }
    case "conversation.resolved":
      return said.resolved(change.data.by.name);
    case "conversation.reopened": {
      const { cause } = change.data;
      return cause.kind === "agent" ? said.agent(named(cause.by)) : said[cause.kind];
    }
    case "conversation.snoozed":
      return said.snoozed(change.data.by.name, moment(locale, change.data.until));
    case "conversation.tagged":
      return said.tagged(change.data.by.name, new Intl.ListFormat(locale).format(change.data.tags));
    case "conversation.prioritized":
      return said.prioritized(change.data.by.name, words.priorityName[change.data.priority]);
    case "conversation.rated":
      return said.rated(number(locale, change.data.score));
    case "call.started":
      return said.callStarted[change.data.call.type] ?? "";
    case "call.answered":
      return said.callAnswered(party(change.data.by, customer));
    case "call.declined":
      return said.callDeclined(party(change.data.by, customer));
    case "call.escalated":
      return said.callEscalated(party(change.data.by, customer));
    case "call.ended":
      return callEnded(change.data, speech);
  }
}

/** The name of a side of a call. */
function party(by: Author, customer: string): string {
  return by.kind === "agent" ? by.name : customer;
}

function callEnded({ reason, durationSeconds }: Ending, { words }: Speech): string {
  const said = words.happened;
  if (reason === "missed") return said.callMissed;
  if (reason === "declined") return said.callRefused;
  if (reason === "mediaLost") return said.callLost;
  return durationSeconds > 0 ? said.callEnded(lasted(durationSeconds)) : said.callUnanswered;
}

type Assigned = Extract<Happening["change"], { type: "conversation.assigned" }>["data"];

function assigned({ assignee, reason }: Assigned, { words, locale }: Speech, named: (id: string) => string): string {
  const said = words.happened;
  switch (reason.kind) {
    case "routed": {
      const chosen = reason.candidates[0];
      const load = chosen ? said.routedLoad(number(locale, chosen.load), number(locale, chosen.capacity)) : "";
      return said.routed(assignee.name, load);
    }
    case "claimed":
      return said.claimed(assignee.name);
    case "answered":
      return said.answered(assignee.name);
    case "given":
      return said.given(named(reason.by), assignee.name);
  }
}
