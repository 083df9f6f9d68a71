/** Who is asked: the business, and who of it is there. */
import type { Availability } from "../../api/types";
import { duration, number, type Speech, soon } from "../../i18n";
import type { Chat } from "../chat";
import { deserted } from "../state";
import { Close } from "./icons";
import { lazily } from "./lazily";
import { useSpeech } from "./speech";

/** Calls: the buttons in the header, and below it whatever else they need. */
export const Calling = lazily(() => import("./Calling").then((it) => it.Calling));

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
        <h1>
          <bdi>{name}</bdi>
        </h1>
        <p role="status">
          <Presence chat={chat} />
        </p>
      </div>
      {chat.calls.value && <Calling chat={chat} buttons />}
      {onClose && (
        <button type="button" class="close" aria-label={words.close} onClick={onClose}>
          <Close />
        </button>
      )}
    </header>
  );
}

function Presence({ chat }: { chat: Chat }) {
  const speech = useSpeech();
  const { locale, words } = speech;
  const conversation = chat.conversation.value;
  const there = chat.availability.value;
  if (conversation?.assignee) return <>{words.helping(conversation.assignee.name)}</>;
  const place = conversation?.queuePosition;
  if (place) {
    const line = place === 1 ? words.next : words.line(number(locale, place));
    const until = there && (deserted(there) ? gone(there, speech) : waited(there, speech));
    return <>{until ? `${line} · ${until}` : line}</>;
  }
  if (!there) return null;
  const online = !deserted(there);
  return (
    <>
      <span class={online ? "dot online" : "dot"} aria-hidden="true" />
      {online ? words.online : gone(there, speech)}
    </>
  );
}

/** That nobody is there, and until when. */
function gone({ opensAt }: Availability, { locale, words }: Speech): string {
  return opensAt ? words.back(soon(locale, opensAt)) : words.offline;
}

/** How long it may take, unless that is no time. */
function waited({ expectedWaitSeconds: seconds }: Availability, { locale, words }: Speech): string | null {
  return seconds && seconds >= 60 ? words.wait(duration(locale, seconds)) : null;
}
