/** Once a conversation is resolved: that it is, and how it was. */
import "./outcome.css";
import { useState } from "preact/hooks";
import { rareWords } from "../../i18n/rare";
import type { Chat } from "../chat";
import { Star } from "./icons";
import { useSpeech } from "./speech";

const SCORES = [1, 2, 3, 4, 5];

export function Outcome({ chat }: { chat: Chat }) {
  const words = rareWords(useSpeech().lang);
  return (
    <section class="outcome">
      <p role="status">{words.resolved}</p>
      <Judgement key={chat.conversation.value?.id} chat={chat} />
    </section>
  );
}

function Judgement({ chat }: { chat: Chat }) {
  const words = rareWords(useSpeech().lang);
  const given = chat.conversation.value?.rating;
  const [score, setScore] = useState(0);
  const [comment, setComment] = useState("");
  const [sending, setSending] = useState(false);
  const [failed, setFailed] = useState(false);
  const shown = score || given?.score || 0;

  const send = async (event: Event) => {
    event.preventDefault();
    setSending(true);
    setFailed(false);
    try {
      await chat.rate(score, comment.trim());
      setScore(0);
    } catch {
      setFailed(true);
    }
    setSending(false);
  };

  return (
    <form class="rating" onSubmit={send}>
      <fieldset>
        <legend>{words.rate}</legend>
        <div class="stars">
          {SCORES.map((it) => (
            <label key={it} class={it <= shown ? "lit" : ""} title={words.score(it)}>
              <input type="radio" name="score" value={it} checked={it === shown} onChange={() => setScore(it)} />
              <Star />
              <span class="unseen">{words.score(it)}</span>
            </label>
          ))}
        </div>
      </fieldset>
      {score > 0 && (
        <div class="more">
          <textarea
            rows={2}
            dir="auto"
            maxLength={2_000}
            aria-label={words.comment}
            placeholder={words.comment}
            value={comment}
            onInput={(event) => setComment(event.currentTarget.value)}
          />
          <button type="submit" disabled={sending}>
            {words.rateSend}
          </button>
        </div>
      )}
      <p role="status">
        {failed ? <span class="wrong">{words.failed}</span> : given && score === 0 && words.rated}
      </p>
    </form>
  );
}
