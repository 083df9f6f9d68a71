/** What an event of the history says, in the reader's language: who, and what. */
import type { AuditEntry } from "./api";
import { moment, type Speech } from "./speech";

/** Names of people by their ids. */
export type Names = ReadonlyMap<string, string>;

export interface Sentence {
  who: string;
  what: string;
}

interface Named {
  id?: string;
  name?: string | null;
}

/** As much of the events' data as sentences tell. */
interface Told {
  name?: string;
  email?: string;
  prefix?: string;
  shortcut?: string;
  role?: "agent" | "admin" | "owner";
  availability?: "online" | "away" | "offline";
  capacity?: number;
  skills?: string[];
  tags?: string[];
  channel?: string;
  priority?: string;
  until?: string;
  score?: number;
  kind?: string;
  reason?: string | { kind: string };
  cause?: { kind: string };
  terms?: { name: string };
  changes?: object;
  profile?: Named;
  body?: { file?: { name: string } };
  customer?: Named;
  assignee?: Named | null;
  author?: Named;
  agent?: Named | string | null;
  by?: Named | string | null;
}

/** The sentence; nothing for a type of event that there are no words for. */
export function sentence(it: AuditEntry, speech: Speech, names: Names): Sentence | null {
  const { history } = speech.words;
  const say = history.what[it.type];
  if (!say) return null;
  const told = it.data as Told;
  const whose = told.assignee?.name ?? names.get(it.subject.id) ?? it.subject.id;
  return { who: who(it, told, speech, names), what: say(subject(it.type, told, speech), whose) };
}

function who({ actor }: AuditEntry, told: Told, { words }: Speech, names: Names): string {
  const kind = words.history.actors[actor.kind] ?? actor.kind;
  if (actor.kind === "system") return `${kind} · ${actor.id}`;
  const people = [told.author, told.by, told.assignee, told.customer].filter((one) => typeof one === "object" && one);
  const named = (people as Named[]).find((one) => one.id === actor.id)?.name;
  return named ?? names.get(actor.id) ?? kind;
}

/** What the event is about, as a piece of its sentence. */
function subject(type: string, told: Told, { words, locale }: Speech): string {
  const word = (name: string | undefined) => words.history.names[name ?? ""] ?? name ?? "";
  const list = (all: readonly string[] = []) => new Intl.ListFormat(locale).format(all);
  const number = (value = 0) => new Intl.NumberFormat(locale).format(value);
  switch (type) {
    case "SettingsChanged":
      return list(Object.keys(told.changes ?? {}).map((it) => settings(words)[it] ?? it));
    case "AgentInvited":
      return `${told.name} (${told.email})`;
    case "AgentJoined":
      return `${told.name} (${words.team.roles[told.role!]})`;
    case "AgentRoleChanged":
      return words.team.roles[told.role!];
    case "AgentAvailabilityChanged":
      return words.team.availability[told.availability!];
    case "AgentCapacityChanged":
      return number(told.capacity);
    case "AgentSkillsChanged":
      return list(told.skills);
    case "ConversationTagged":
      return list(told.tags);
    case "ConversationSnoozed":
      return moment(locale, told.until!);
    case "ConversationRated":
      return number(told.score);
    case "ConversationUnassigned":
    case "ConversationAssigned":
    case "CallEnded":
      return word(typeof told.reason === "object" ? told.reason.kind : told.reason);
    case "ConversationReopened":
      return word(told.cause?.kind);
    case "ConversationPrioritized":
      return word(told.priority);
    case "ConversationOpened":
      return word(told.channel);
    case "CallStarted":
      return word(told.kind);
    case "CallRang":
      return typeof told.agent === "object" ? (told.agent?.name ?? "") : "";
    case "MessagePosted":
      return told.body?.file?.name ?? "";
    default:
      return told.prefix && !told.terms ? `${told.prefix}…` : (told.terms?.name ?? told.shortcut ?? told.profile?.name ?? told.customer?.name ?? told.name ?? "");
  }
}

/** What the settings are called where they are set. */
const settings = ({ look, preferences, hours }: Speech["words"]): Record<string, string> => ({
  welcomeMessage: look.welcome,
  awayMessage: look.away,
  color: look.colour,
  logoUrl: look.logo,
  language: preferences.language,
  hours: hours.title,
  autoAssign: preferences.autoAssign,
  defaultCapacity: preferences.capacity,
  offlineGraceSeconds: preferences.grace,
});
