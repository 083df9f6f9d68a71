/** One message or note. */
import { clock } from "../../i18n";
import { pieces } from "../../chat/links";
import { addressOf, isPicture } from "../files";
import type { Inbox } from "../inbox";
import type { Outgoing } from "../outbox";
import { size, useSpeech } from "../speech";
import type { Said } from "../timeline";
import type { Conversation, SharedFile } from "../types";
import { Face, nameOf } from "./Face";
import { File } from "./icons";

interface Props {
  inbox: Inbox;
  it: Conversation;
  said: Said;
  /** Whether the customer has read up to here. */
  seen: boolean;
}

export function SaidLine({ inbox, it, said, seen }: Props) {
  const { words, locale } = useSpeech();
  const { author } = said;
  const team = author.kind !== "customer";
  const name =
    author.kind === "system"
      ? (inbox.inbox.value?.business.name ?? "")
      : author.kind === "agent"
        ? author.id === inbox.me.id
          ? words.you
          : author.name
        : author.name || nameOf(it.customer, words.visitor);
  const shape = `${said.note ? "note" : team ? "ours" : "theirs"}${said.opens ? " opens" : ""}${said.closes ? " closes" : ""}`;
  const held = said.outgoing !== null && said.outgoing.state !== "sending";
  return (
    <article class={`said-line ${shape}`}>
      {!team && (said.opens ? <Face id={it.customer.id} name={name} small /> : <span class="face small" />)}
      <div class="body">
        <p class={said.opens ? "author" : "unseen"} dir="auto">
          {said.note ? words.noteOf(name) : name}
          {said.opens && <time dateTime={said.at}>{clock(locale, said.at)}</time>}
        </p>
        {said.text && (
          <p class="bubble" dir="auto">
            <Text text={said.text} />
          </p>
        )}
        {said.file && <Shared file={said.file} sent={said.outgoing === null} />}
        {(held || (said.outgoing && said.closes)) && <State inbox={inbox} outgoing={said.outgoing!} />}
        {seen && team && !said.outgoing && <p class="foot">{words.seen}</p>}
      </div>
    </article>
  );
}

function Text({ text }: { text: string }) {
  return (
    <>
      {pieces(text).map((piece) =>
        typeof piece === "string" ? (
          piece
        ) : (
          <a href={piece.href} target="_blank" rel="noopener noreferrer nofollow ugc">
            {piece.text}
          </a>
        ),
      )}
    </>
  );
}

/** A file; it is to be had once it is sent. */
function Shared({ file, sent }: { file: SharedFile; sent: boolean }) {
  const { words, locale } = useSpeech();
  const picture = sent && isPicture(file);
  return (
    <a class={picture ? "file picture" : "file"} {...(sent && { href: addressOf(file), download: file.name })}>
      {picture ? <img src={addressOf(file)} alt={file.name} /> : <File />}
      <span class="name">
        <span class="unseen">{words.download(file.name)}</span>
        <span aria-hidden="true" dir="auto">
          {file.name}
        </span>
      </span>
      <small>{size(locale, file.size)}</small>
    </a>
  );
}

function State({ inbox, outgoing }: { inbox: Inbox; outgoing: Outgoing }) {
  const { words } = useSpeech();
  const { sender } = inbox;
  if (outgoing.state === "sending") return <p class="foot">{words.sending}</p>;
  if (outgoing.state === "waiting") {
    return (
      <p class="foot">
        {words.unsent}
        <button type="button" class="link" onClick={sender.hurry}>
          {words.retry}
        </button>
      </p>
    );
  }
  return (
    <p class="foot wrong">
      <span>{outgoing.reason ? `${words.refused}: ${outgoing.reason}` : words.refused}</span>
      <button type="button" class="link" onClick={() => sender.retry(outgoing)}>
        {words.retry}
      </button>
      <button type="button" class="link" onClick={() => sender.drop(outgoing)}>
        {words.discard}
      </button>
    </p>
  );
}
