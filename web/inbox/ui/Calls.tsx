/** Calls over the inbox: those that ring, and the one that the agent is in, whatever else is looked at. */
import { Camera, Phone } from "../../calls/ui/icons";
import { lazily } from "../../chat/ui/lazily";
import type { Inbox } from "../inbox";
import { useSpeech } from "../speech";
import { nameOf } from "./Face";

const CallView = lazily(() => import("../../calls/ui/CallView").then((it) => it.CallView));

export function Ringing({ inbox }: { inbox: Inbox }) {
  const { words } = useSpeech();
  const { calls } = inbox;
  return (
    <div class="ringing">
      {calls.ringing.value.map((it, index) => {
        const name = nameOf(it.customer, words.visitor);
        const invited = it.call.state === "answered";
        return (
          <section key={it.call.id} role="alertdialog" aria-label={words.calls.ringing(name)} aria-describedby={`about-${it.call.id}`}>
            <span class="bell" aria-hidden="true">
              {it.call.type === "video" ? <Camera /> : <Phone />}
            </span>
            <p id={`about-${it.call.id}`} role="alert">
              <strong dir="auto">{words.calls.ringing(name)}</strong>
              <span>{invited ? words.calls.invited : words.calls.kind[it.call.type]}</span>
            </p>
            <button
              type="button"
              class="refuse"
              aria-keyshortcuts={index ? undefined : "d"}
              title={`${words.calls.decline} (d)`}
              onClick={() => calls.decline(it)}
            >
              {words.calls.decline}
            </button>
            <button
              type="button"
              class="take"
              aria-keyshortcuts={index ? undefined : "y"}
              title={`${words.calls.answer} (y)`}
              onClick={() => calls.join(it)}
            >
              {words.calls.answer}
            </button>
          </section>
        );
      })}
    </div>
  );
}

/** The call that goes on, beside whatever conversation is open. */
export function Dock({ inbox }: { inbox: Inbox }) {
  const { words, lang, locale } = useSpeech();
  const { calls, place } = inbox;
  const { part } = calls;
  const it = calls.here.value;
  const away = calls.elsewhere.value;
  if (part.stage.value === "none" && !away) return null;
  const name = it ? nameOf(it.customer, words.visitor) : words.visitor;
  return (
    <div class="dock">
      {part.stage.value === "none" ? (
        away && (
          <section class="elsewhere" aria-label={words.calls.label}>
            <p role="status">{words.calls.elsewhere(nameOf(away.customer, words.visitor))}</p>
            <button type="button" onClick={() => void part.end(away.call.id)}>
              {words.calls.hangUp}
            </button>
            <button type="button" class="primary" onClick={() => calls.join(away)}>
              {words.calls.moveHere}
            </button>
          </section>
        )
      ) : (
        <CallView
          part={part}
          call={it?.call ?? null}
          called={name}
          lang={lang}
          locale={locale}
          leaves={calls.leaves.value}
          onInvite={() => (inbox.dialog.value = "invite")}
        >
          {it && place.openId.value !== it.id && (
            <button type="button" class="link" onClick={() => inbox.open(it.id)}>
              {words.calls.goTo(name)}
            </button>
          )}
        </CallView>
      )}
    </div>
  );
}
