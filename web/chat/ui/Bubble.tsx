/** One message. */
import { clock } from "../../i18n";
import type { Chat } from "../chat";
import { pieces } from "../links";
import { lazily } from "./lazily";
import { type Line, together } from "./lines";
import { useSpeech } from "./speech";

const FileView = lazily(
  () => import("./FileView").then((it) => it.FileView),
  ({ file }) => <p class="bubble">{file.name}</p>,
);

const Refusal = lazily(() => import("./FileView").then((it) => it.Refusal));

interface Props {
  line: Line;
  before: Line | undefined;
  after: Line | undefined;
  chat: Chat;
}

export function Bubble({ line, before, after, chat }: Props) {
  const { words } = useSpeech();
  const opens = !together(before, line);
  const closes = !together(line, after);
  if (!line.mine && line.author === null) return <p class="system">{line.text}</p>;
  const place = `${opens ? " opens" : ""}${closes ? " closes" : ""}`;
  return (
    <article class={`${line.mine ? "mine" : "theirs"}${place}`}>
      {!line.mine && (
        <span class="face" aria-hidden="true">
          {closes && Array.from(line.author ?? "")[0]?.toUpperCase()}
        </span>
      )}
      <div class="said">
        <p class={line.mine || !opens ? "unseen" : "author"} dir="auto">
          {line.mine ? words.you : line.author}
        </p>
        {line.file && <FileView file={line.file} chat={chat} />}
        {line.text && <Text text={line.text} />}
        {line.at && (closes || held(line)) && <Foot line={line} last={!after} chat={chat} />}
      </div>
    </article>
  );
}

function Text({ text }: { text: string }) {
  return (
    <p class="bubble" dir="auto">
      {pieces(text).map((piece) =>
        typeof piece === "string" ? (
          piece
        ) : (
          <a href={piece.href} target="_blank" rel="noopener noreferrer nofollow ugc">
            {piece.text}
          </a>
        ),
      )}
    </p>
  );
}

/** Whether a message waits for something, so that it must be said which. */
function held(line: Line): boolean {
  return line.state === "waiting" || line.state === "refused";
}

function Foot({ line, last, chat }: { line: Line; last: boolean; chat: Chat }) {
  const { locale } = useSpeech();
  return (
    <p class="foot">
      <time dateTime={line.at!}>{clock(locale, line.at!)}</time>
      {line.state && (last || held(line)) && <State line={line} chat={chat} />}
    </p>
  );
}

function State({ line: { state, outgoing }, chat }: { line: Line; chat: Chat }) {
  const { words } = useSpeech();
  switch (state) {
    case "seen":
      return <span>{words.seen}</span>;
    case "sent":
      return <span>{words.sent}</span>;
    case "waiting":
      return (
        <>
          <span>{words.unsent}</span>
          <button type="button" onClick={chat.retry}>
            {words.retry}
          </button>
        </>
      );
    case "refused":
      return (
        <>
          {outgoing && <Refusal of={outgoing} />}
          <button type="button" onClick={() => outgoing && chat.discard(outgoing)}>
            {words.discard}
          </button>
        </>
      );
    default:
      return <span>{words.sending}</span>;
  }
}
