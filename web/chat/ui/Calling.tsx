/** The customer's calls in the chat: the ways to begin one, one that rings, and the one that goes on. */
import "./calling.css";
import { Phone, Camera } from "../../calls/ui/icons";
import { callWords } from "../../calls/words";
import { callingOf } from "../calling";
import type { Chat } from "../chat";
import { lazily } from "./lazily";
import { useSpeech } from "./speech";

const CallView = lazily(() => import("../../calls/ui/CallView").then((it) => it.CallView));

/** Begin a call, unless there is one. */
function Buttons({ chat }: { chat: Chat }) {
  const { lang } = useSpeech();
  const words = callWords(lang);
  const { part, call, start } = callingOf(chat, lang);
  if (call.value || part.stage.value !== "none") return null;
  return (
    <div class="call-buttons" role="group" aria-label={words.call}>
      <button type="button" aria-label={words.audio} title={words.audio} onClick={() => start("audio")}>
        <Phone />
      </button>
      <button type="button" aria-label={words.video} title={words.video} onClick={() => start("video")}>
        <Camera />
      </button>
    </div>
  );
}

/** The buttons that begin a call, or else everything that becomes of it. */
export function Calling({ chat, buttons = false }: { chat: Chat; buttons?: boolean }) {
  return buttons ? <Buttons chat={chat} /> : <Place chat={chat} />;
}

function Place({ chat }: { chat: Chat }) {
  const { lang, locale } = useSpeech();
  const calling = callingOf(chat, lang);
  const { part, call, called } = calling;
  calling.lang.value = lang;
  return (
    <>
      <Incoming chat={chat} />
      <Elsewhere chat={chat} />
      {part.stage.value !== "none" && (
        <CallView part={part} call={call.value} called={called.value} lang={lang} locale={locale} />
      )}
      <Outcome chat={chat} />
    </>
  );
}

/** The team calls. */
function Incoming({ chat }: { chat: Chat }) {
  const words = callWords(useSpeech().lang);
  const { incoming, answer, part } = callingOf(chat);
  const it = incoming.value;
  if (!it) return null;
  const name = (it.by.kind !== "system" && it.by.name) || chat.business.value?.name || "";
  return (
    <section class="incoming" role="alertdialog" aria-label={words[it.type]} aria-describedby="who-calls">
      <p id="who-calls" role="alert">
        <strong dir="auto">{words.ringing(name)}</strong>
        <span>{words[it.type]}</span>
      </p>
      <button type="button" class="refuse" onClick={() => void part.decline(it.id)}>
        {words.decline}
      </button>
      <button type="button" class="take" onClick={() => answer(it)}>
        {it.type === "video" ? <Camera /> : <Phone />}
        {words.answer}
      </button>
    </section>
  );
}

/** The customer talks by another page. */
function Elsewhere({ chat }: { chat: Chat }) {
  const words = callWords(useSpeech().lang);
  const { elsewhere, part } = callingOf(chat);
  const it = elsewhere.value;
  if (!it) return null;
  return (
    <section class="incoming" aria-label={words.call}>
      <p role="status">
        <span>{words.elsewhere}</span>
      </p>
      <button type="button" class="refuse" onClick={() => void part.end(it.id)}>
        {words.hangUp}
      </button>
      <button type="button" class="take" onClick={() => void part.straight(it.type, part.joining(it.id))}>
        {words.moveHere}
      </button>
    </section>
  );
}

/** How the last call ended. */
function Outcome({ chat }: { chat: Chat }) {
  const words = callWords(useSpeech().lang);
  const { part } = callingOf(chat);
  const it = part.outcome.value;
  return (
    <div class="call-outcome" role="status">
      {it && (
        <p>
          {words.outcome[it.why]}
          <button type="button" onClick={part.dismiss}>
            {words.close}
          </button>
        </p>
      )}
    </div>
  );
}
