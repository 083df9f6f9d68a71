/** Where the agent writes: replies and notes, canned replies after a slash, files. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { number } from "../../i18n";
import { draftOf, keepDraft } from "../drafts";
import type { Inbox } from "../inbox";
import { useSpeech } from "../speech";
import type { Conversation, SharedFile } from "../types";
import type { Watch } from "../watch";
import { Canned, useCanned } from "./Canned";
import { nameOf } from "./Face";
import { Attach, Canned as CannedIcon, Close, File as FileIcon, Send } from "./icons";
import { useUploads } from "./uploads";

/** The most characters that the server takes. */
const MOST = 16_384;
/** What the server takes as files. */
const ACCEPTED =
  ".png,.jpg,.jpeg,.gif,.webp,.pdf,.txt,.csv,.zip,.docx,.xlsx,.pptx,.mp3,.m4a,.ogg,.wav,.mp4,.webm";

interface Props {
  inbox: Inbox;
  watch: Watch;
  it: Conversation;
}

export function Composer({ inbox, watch, it }: Props) {
  const { words, locale } = useSpeech();
  const [draft, setDraft] = useState(() => draftOf(inbox.kept, it.id));
  const box = useRef<HTMLTextAreaElement>(null);
  const { text, note, files } = draft;
  const long = Array.from(text.trim()).length > MOST;

  const change = (to: Partial<typeof draft>) =>
    setDraft((before) => {
      const after = { ...before, ...to };
      keepDraft(inbox.kept, it.id, after);
      return after;
    });
  const write = (now: string) => {
    change({ text: now });
    if (!note) watch.typing(it.id, now.trim() !== "");
  };
  /** Whether it is to be sent as soon as what is attached is uploaded. */
  const [queued, setQueued] = useState(false);
  const uploads = useUploads(inbox, it.id, {
    onDone: (file) => setDraft((before) => keepFile(before, file)),
    onFailed: () => setQueued(false),
  });
  const canned = useCanned(inbox, it, box, text, write);

  useEffect(() => keepDraft(inbox.kept, it.id, draft), [draft]);
  useLayoutEffect(() => {
    const area = box.current!;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  }, [text]);
  const wanted = inbox.writing.value;
  // At once, so that the next key is a letter already.
  useLayoutEffect(() => {
    if (!wanted) return;
    inbox.writing.value = null;
    change({ note: wanted === "note" });
    box.current?.focus();
  }, [wanted]);

  const send = () => {
    box.current?.focus();
    const said = text.trim();
    if (uploads.busy && !note) return setQueued(true);
    if (long || (!said && (note || !files.length))) return;
    watch.typing(it.id, false);
    const one = { conversationId: it.id, note };
    if (note || !files.length) inbox.sender.say({ ...one, text: said, file: null });
    else files.forEach((file, at) => inbox.sender.say({ ...one, text: at === 0 ? said : "", file }));
    change({ text: "", files: note ? files : [] });
  };
  useEffect(() => {
    if (!queued || uploads.busy) return;
    setQueued(false);
    send();
  }, [queued, uploads.busy]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (canned.onKeyDown(event)) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      box.current?.closest(".talk-column")?.querySelector<HTMLElement>("h2")?.focus();
    }
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const name = nameOf(it.customer, words.visitor);
  const label = note ? words.note : words.reply;

  return (
    <form
      class={note ? "composer noting" : "composer"}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDragOver={(event) => !note && event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        if (!note) uploads.add(event.dataTransfer?.files);
      }}
    >
      <div class="modes" role="group" aria-label={words.groups.write}>
        {[false, true].map((mode) => (
          <button
            key={String(mode)}
            type="button"
            aria-pressed={note === mode}
            aria-keyshortcuts={mode ? "n" : "r"}
            onClick={() => {
              change({ note: mode });
              box.current?.focus();
            }}
          >
            {mode ? words.note : words.reply}
          </button>
        ))}
        {it.status === "resolved" && <p class="quiet">{words.resolvedNow}</p>}
      </div>
      <Canned canned={canned} />
      <textarea
        ref={box}
        rows={2}
        dir={text ? "auto" : undefined}
        value={text}
        aria-label={label}
        aria-autocomplete="list"
        aria-controls={canned.open ? "canned" : undefined}
        aria-activedescendant={canned.active}
        aria-invalid={long}
        aria-describedby={long ? "too-long" : undefined}
        placeholder={note ? words.noteHint : words.replyHint(name)}
        enterkeyhint="send"
        autocomplete="off"
        onInput={(event) => write(event.currentTarget.value)}
        onKeyUp={canned.onMove}
        onClick={canned.onMove}
        onBlur={canned.close}
        onKeyDown={onKeyDown}
        onPaste={(event) => {
          const pasted = event.clipboardData?.files;
          if (note || !pasted?.length) return;
          event.preventDefault();
          uploads.add(pasted);
        }}
      />
      {long && (
        <p class="wrong" role="alert" id="too-long">
          {words.tooLong(number(locale, MOST))}
        </p>
      )}
      <Files files={files} uploading={uploads.names} remove={(file) => change({ files: files.filter((one) => one !== file) })} />
      <div class="row-end">
        <label class={note ? "tool disabled" : "tool"} title={words.attach}>
          <Attach />
          <input
            type="file"
            class="unseen"
            multiple
            accept={ACCEPTED}
            disabled={note}
            aria-label={words.attach}
            onChange={(event) => {
              uploads.add(event.currentTarget.files);
              event.currentTarget.value = "";
            }}
          />
        </label>
        <button type="button" class="tool" aria-label={words.canned} title={`${words.canned} (/)`} onClick={canned.start}>
          <CannedIcon />
        </button>
        <button
          type="submit"
          class="primary send"
          aria-disabled={long || queued || (!text.trim() && (note || !(files.length || uploads.busy)))}
        >
          <Send />
          {note ? words.addNote : words.send}
        </button>
      </div>
    </form>
  );
}

function keepFile<D extends { files: SharedFile[] }>(draft: D, file: SharedFile): D {
  return { ...draft, files: [...draft.files, file] };
}

interface FilesProps {
  files: readonly SharedFile[];
  uploading: readonly string[];
  remove: (file: SharedFile) => void;
}

/** What is attached, and what is about to be. */
function Files({ files, uploading, remove }: FilesProps) {
  const { words } = useSpeech();
  if (!files.length && !uploading.length) return null;
  return (
    <ul class="attached" role="list">
      {files.map((file) => (
        <li key={file.id}>
          <FileIcon />
          <span dir="auto">{file.name}</span>
          <button type="button" class="tool" aria-label={words.removeFile(file.name)} onClick={() => remove(file)}>
            <Close />
          </button>
        </li>
      ))}
      {uploading.map((name) => (
        <li key={name} role="status">
          {words.uploading(name)}
        </li>
      ))}
    </ul>
  );
}
