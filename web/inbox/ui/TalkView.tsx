/** One conversation: who it is with and where it stands, what was said, and where the agent writes. */
import type { ComponentType } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Camera, Phone } from "../../calls/ui/icons";
import { mayCall, settle } from "../actions";
import type { Calling } from "../calls";
import type { Inbox } from "../inbox";
import { moment, useSpeech } from "../speech";
import type { Conversation } from "../types";
import type { Watch } from "../watch";
import { Composer } from "./Composer";
import { Face, nameOf } from "./Face";
import { Assign, Back, Details, Eye, Flag, Resolved, Retry, Snooze, Tag } from "./icons";
import { Log } from "./Log";

export function TalkView({ inbox, watch }: { inbox: Inbox; watch: Watch }) {
  const { words } = useSpeech();
  const id = inbox.place.openId.value;
  const it = inbox.current.value;
  const state = inbox.talk.value?.state;
  if (!id) return <Nothing title={words.choose} hint={words.chooseHint} />;
  if (state === "unknown") return <Nothing title={words.notFound} hint={words.notFoundHint} inbox={inbox} />;
  if (!it && state === "failed") return <Failed inbox={inbox} id={id} />;
  if (!it) return <p class="waiting">{words.loading}</p>;
  return (
    <>
      <Header inbox={inbox} it={it} />
      {state === "failed" ? <Failed inbox={inbox} id={id} /> : <Log inbox={inbox} watch={watch} it={it} />}
      <Composer inbox={inbox} watch={watch} it={it} />
    </>
  );
}

function Nothing({ title, hint, inbox }: { title: string; hint: string; inbox?: Inbox }) {
  const { words } = useSpeech();
  return (
    <div class="nothing">
      <h2>{title}</h2>
      <p>{hint}</p>
      {inbox && (
        <button type="button" onClick={() => inbox.open(null)}>
          {words.back}
        </button>
      )}
    </div>
  );
}

function Failed({ inbox, id }: { inbox: Inbox; id: string }) {
  const { words } = useSpeech();
  return (
    <div class="nothing" role="alert">
      <h2>{words.failedTalk}</h2>
      <button type="button" onClick={() => void inbox.talks.open(id)}>
        {words.again}
      </button>
    </div>
  );
}

function Header({ inbox, it }: { inbox: Inbox; it: Conversation }) {
  const { words, locale } = useSpeech();
  const title = useRef<HTMLHeadingElement>(null);
  const name = nameOf(it.customer, words.visitor);
  useLayoutEffect(() => {
    // Whoever opens a conversation by key or by its row goes on reading there.
    if (!inbox.writing.value) title.current?.focus({ preventScroll: true });
  }, []);
  const stands =
    it.status === "snoozed" && it.snoozedUntil
      ? words.snoozedUntil(moment(locale, it.snoozedUntil))
      : it.status === "resolved"
        ? words.status.resolved
        : it.assignee
          ? words.assignedTo(it.assignee.id === inbox.me.id ? words.you : it.assignee.name)
          : words.unassignedNow;
  return (
    <header class="talk-header">
      <button type="button" class="tool back" aria-label={words.back} onClick={() => inbox.open(null)}>
        <Back />
      </button>
      <Face id={it.customer.id} name={name} />
      <div class="who">
        <h2 ref={title} tabIndex={-1} dir="auto">
          {name}
        </h2>
        <p>
          <span class={`state ${it.status}`}>{stands}</span>
          {it.subject && <span dir="auto"> · {it.subject}</span>}
        </p>
      </div>
      <Viewers inbox={inbox} it={it} />
      <Actions inbox={inbox} it={it} />
    </header>
  );
}

function Viewers({ inbox, it }: { inbox: Inbox; it: Conversation }) {
  const { words } = useSpeech();
  const views = inbox.presence.viewing.value.get(it.id);
  return (
    <p class="viewers" role="status">
      {views && (
        <>
          <Eye />
          {words.viewingHere(views.map((person) => person.name).join(", "))}
        </>
      )}
    </p>
  );
}

function Actions({ inbox, it }: { inbox: Inbox; it: Conversation }) {
  const { words } = useSpeech();
  const { dialog } = inbox;
  const resolved = it.status === "resolved";
  const tool = (label: string, key: string, Icon: ComponentType, onClick: () => void, on = false) => (
    <button
      type="button"
      class={on ? "tool on" : "tool"}
      aria-label={label}
      title={`${label} (${key})`}
      aria-keyshortcuts={key}
      onClick={onClick}
    >
      <Icon />
    </button>
  );
  return (
    <div class="actions" role="group" aria-label={words.groups.act}>
      {!resolved && !it.assignee && (
        <button type="button" onClick={() => inbox.change(it, { kind: "assign", to: inbox.me })}>
          {words.claim}
        </button>
      )}
      {it.call && !inbox.calls.has(it) && (
        <button type="button" onClick={() => inbox.calls.join(it as Calling)}>
          {words.calls.join}
        </button>
      )}
      {mayCall(inbox, it) && tool(words.calls.kind.audio, "v a", Phone, () => inbox.calls.start(it, "audio"))}
      {mayCall(inbox, it) && tool(words.calls.kind.video, "v v", Camera, () => inbox.calls.start(it, "video"))}
      {!resolved && tool(words.assign, "a", Assign, () => (dialog.value = "assign"))}
      {!resolved && tool(words.snooze, "s", Snooze, () => (dialog.value = "snooze"), it.status === "snoozed")}
      {tool(words.tag, "t", Tag, () => (dialog.value = "tags"), it.tags.length > 0)}
      {tool(words.priority, "p", Flag, () => (dialog.value = "priority"), it.priority !== "normal")}
      {tool(words.details, "i", Details, () => (inbox.panel.value = !inbox.panel.value), inbox.panel.value)}
      {it.status === "snoozed" && (
        <button type="button" onClick={() => inbox.change(it, { kind: "reopen", by: inbox.me })}>
          {words.wake}
        </button>
      )}
      <button
        type="button"
        class={resolved ? "" : "primary"}
        aria-keyshortcuts="e"
        title={`${resolved ? words.reopen : words.resolve} (e)`}
        onClick={() => settle(inbox, it)}
      >
        {resolved ? <Retry /> : <Resolved />}
        <span class="label">{resolved ? words.reopen : words.resolve}</span>
      </button>
    </div>
  );
}
