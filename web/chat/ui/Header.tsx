/** Who is asked: the business, and who of it is there. */
import { duration, number, soon } from "../../i18n";
import type { Chat } from "../chat";
import { deserted } from "../state";
import { Close } from "./icons";
import { lazily } from "./lazily";
import { useSpeech } from "./speech";

const CallButtons = lazily(() => import("./CallButtons").then((it) => it.CallButtons));

export function Header({ chat, onClose }: { chat: Chat; onClose?: (() => void) | undefined }) {
  const { words } = useSpeech();
  const business = chat.business.value;
  const name = business?.name ?? words.support;
  const logo = business?.branding.logoUrl;
  return (
    <header>
      {logo ? (
        <img class="logo" src={logo} alt="" width="40" height="40" referrerpolicy="no-referrer" />
      ) : (
        <span class="logo" aria-hidden="true">
          {business ? Array.from(name)[0]?.toUpperCase() : ""}
        </span>
      )}
      <div class="who">
        <h1 dir="auto">{name}</h1>
        <p role="status">
          <Presence chat={chat} />
        </p>
      </div>
      {chat.calls.value && <CallButtons chat={chat} />}
      {onClose && (
        <button type="button" class="close" aria-label={words.close} onClick={onClose}>
          <Close />
        </button>
      )}
    </header>
  );
}

function Presence({ chat }: { chat: Chat }) {
  const { locale, words } = useSpeech();
  const conversation = chat.conversation.value;
  const there = chat.availability.value;
  if (conversation?.assignee) return <>{words.helping(conversation.assignee.name)}</>;
  const place = conversation?.queuePosition;
  if (place) {
    const line = place === 1 ? words.next : words.line(number(locale, place));
    const seconds = there?.expectedWaitSeconds ?? 0;
    return <>{seconds >= 60 ? `${line}. ${words.wait(duration(locale, seconds))}` : line}</>;
  }
  if (!there) return null;
  const online = !deserted(there);
  const { opensAt } = there;
  return (
    <>
      <span class={online ? "dot online" : "dot"} aria-hidden="true" />
      {online ? words.online : opensAt ? words.back(soon(locale, opensAt)) : words.offline}
    </>
  );
}
