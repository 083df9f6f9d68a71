/** A message's file: a picture that can be seen, or a card by which it can be saved. */
import "./files.css";
import { useEffect, useState } from "preact/hooks";
import type { FileRef } from "../../api/types";
import { number, size } from "../../i18n";
import { rareWords } from "../../i18n/rare";
import type { Chat } from "../chat";
import { addressOf, isPicture, save } from "../files";
import type { Attached } from "../outbox";
import { Clip, Down } from "./icons";
import { useSpeech } from "./speech";

// What is refused is a file, more often than not.
export { Refusal } from "./Refusal";

interface FileProps {
  file: FileRef | Attached;
  chat: Chat;
}

export function FileView({ file, chat }: FileProps) {
  const [broken, setBroken] = useState(false);
  if (!isKept(file)) return <Upload file={file} />;
  if (isPicture(file.mediaType) && !broken) return <Picture file={file} chat={chat} onBroken={() => setBroken(true)} />;
  return <Card file={file} chat={chat} />;
}

function isKept(file: FileRef | Attached): file is FileRef {
  return file.id !== undefined;
}

function Upload({ file }: { file: Attached }) {
  const { locale, lang } = useSpeech();
  const words = rareWords(lang);
  return (
    <div class="file">
      <Clip />
      <Naming name={file.name} note={size(locale, file.size)} />
      {file.progress < 1 && (
        <progress max={1} value={file.progress} aria-label={words.uploading}>
          {number(locale, Math.round(file.progress * 100))}
        </progress>
      )}
    </div>
  );
}

function Picture({ file, chat, onBroken }: { file: FileRef; chat: Chat; onBroken: () => void }) {
  const [address, setAddress] = useState("");
  useEffect(() => {
    let gone = false;
    addressOf(chat.headers(), file).then(
      (found) => !gone && setAddress(found),
      () => !gone && onBroken(),
    );
    return () => {
      gone = true;
    };
  }, [file.id]);
  if (!address) return <div class="picture" role="img" aria-label={file.name} />;
  return (
    <a class="picture" href={address} target="_blank" rel="noopener">
      <img src={address} alt={file.name} onError={onBroken} />
    </a>
  );
}

function Card({ file, chat }: { file: FileRef; chat: Chat }) {
  const { locale, lang } = useSpeech();
  const words = rareWords(lang);
  const [failed, setFailed] = useState(false);
  const onClick = () => {
    setFailed(false);
    save(chat.headers(), file).catch(() => setFailed(true));
  };
  return (
    <>
      <button type="button" class="file" onClick={onClick}>
        <Down />
        <span class="unseen">{words.save}</span>
        <Naming name={file.name} note={size(locale, file.size)} />
      </button>
      {failed && (
        <p class="wrong" role="alert">
          {words.failed}
        </p>
      )}
    </>
  );
}

function Naming({ name, note }: { name: string; note: string }) {
  return (
    <span class="naming">
      <bdi>{name}</bdi>
      <small>{note}</small>
    </span>
  );
}
