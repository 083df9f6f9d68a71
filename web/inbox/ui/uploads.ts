/** Uploads what is attached, for the composer. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../../api/client";
import { upload } from "../files";
import type { Inbox } from "../inbox";
import { useSpeech } from "../speech";
import type { SharedFile } from "../types";

interface Outcome {
  onDone(file: SharedFile): void;
  onFailed(): void;
}

export function useUploads(inbox: Inbox, conversation: string, { onDone, onFailed }: Outcome) {
  const { words } = useSpeech();
  const [names, setNames] = useState<readonly string[]>([]);
  const abort = useRef(new AbortController());
  useEffect(() => () => abort.current.abort(), []);

  const one = async (file: File) => {
    setNames((before) => [...before, file.name]);
    try {
      onDone(await upload(conversation, file, abort.current.signal));
    } catch (error) {
      if (abort.current.signal.aborted) return;
      onFailed();
      const code = error instanceof ApiError ? error.code : "";
      const why =
        code === "file_too_large" ? words.fileTooLarge : code === "file_type_not_allowed" ? words.fileType : words.fileFailed;
      inbox.toasts.show(words.notUploaded(file.name, why), "wrong");
    } finally {
      setNames((before) => before.filter((name) => name !== file.name));
    }
  };

  return {
    names,
    busy: names.length > 0,
    add: (files: FileList | null | undefined) => Array.from(files ?? []).forEach((file) => void one(file)),
  };
}
