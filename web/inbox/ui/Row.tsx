/** A conversation in the list. */
import { Phone } from "../../calls/ui/icons";
import type { Inbox } from "../inbox";
import { ago, moment, useSpeech } from "../speech";
import type { Conversation } from "../types";
import { Face, nameOf } from "./Face";
import { Eye, Flag, Snooze } from "./icons";

interface Props {
  inbox: Inbox;
  it: Conversation;
  now: number;
  /** Its place in the queue, in the queue. */
  place: number | null;
  current: boolean;
  open: boolean;
}

export function Row({ inbox, it, now, place, current, open }: Props) {
  const { words, locale } = useSpeech();
  const name = nameOf(it.customer, words.visitor);
  const at = it.lastMessage?.createdAt ?? it.updatedAt;
  const onClick = (event: MouseEvent) => {
    inbox.place.row.value = it.id;
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    inbox.open(it.id);
  };
  const unread = it.unread && it.status !== "resolved";
  return (
    <a
      class={`row${unread ? " unread" : ""}${it.status === "resolved" ? " done" : ""}`}
      href={`/inbox/${it.id}`}
      tabIndex={current ? 0 : -1}
      aria-current={open ? "true" : undefined}
      onClick={onClick}
      onFocus={() => (inbox.place.row.value = it.id)}
    >
      <Face id={it.customer.id} name={name} />
      <span class="about">
        <span class="line">
          {place !== null && <span class="place">{place}</span>}
          <strong dir="auto">{name}</strong>
          {unread && <span class="unseen">, {words.unread}</span>}
          <time dateTime={at} title={moment(locale, at)}>
            {place !== null && it.waiting
              ? words.waitingFor(ago(locale, it.waiting.since, now))
              : ago(locale, at, now)}
          </time>
        </span>
        <Said inbox={inbox} it={it} />
        <Marks inbox={inbox} it={it} />
      </span>
    </a>
  );
}

/** What was said last, or who is about to say something. */
function Said({ inbox, it }: { inbox: Inbox; it: Conversation }) {
  const { words } = useSpeech();
  const types = inbox.presence.typing.value.get(it.id);
  if (types) {
    const names = types.map((person) => person.name ?? nameOf(it.customer, words.visitor)).join(", ");
    return <span class="said typing">{words.typingHere(names)}</span>;
  }
  const last = it.lastMessage;
  const text = last ? last.text || words.file : "";
  return (
    <span class="said" dir="auto">
      {it.subject && <b>{it.subject}</b>}
      {it.subject && text && " · "}
      {last?.author.kind === "agent" && last.author.id === inbox.me.id ? words.youSaid(text) : text}
    </span>
  );
}

function Marks({ inbox, it }: { inbox: Inbox; it: Conversation }) {
  const { words, locale } = useSpeech();
  const views = inbox.presence.viewing.value.get(it.id);
  const { assignee } = it;
  return (
    <span class="marks">
      {it.call && (
        <span class="mark call">
          <Phone />
          {it.call.state === "ringing" ? words.calls.rings : words.calls.goesOn}
        </span>
      )}
      {it.priority !== "normal" && (
        <span class={`mark ${it.priority}`}>
          <Flag />
          {words.priorityName[it.priority]}
        </span>
      )}
      {it.status === "snoozed" && it.snoozedUntil && (
        <span class="mark">
          <Snooze />
          {moment(locale, it.snoozedUntil)}
        </span>
      )}
      {it.status === "resolved" && <span class="mark">{words.status.resolved}</span>}
      {it.tags.slice(0, 3).map((tag) => (
        <span class="mark tag" key={tag} dir="auto">
          {tag}
        </span>
      ))}
      {views && (
        <span class="mark eye" title={words.viewingHere(views.map((person) => person.name).join(", "))}>
          <Eye />
          {views.map((person) => person.name).join(", ")}
        </span>
      )}
      {assignee && assignee.id !== inbox.me.id && (
        <span class="mark who" dir="auto">
          {assignee.name}
        </span>
      )}
    </span>
  );
}
