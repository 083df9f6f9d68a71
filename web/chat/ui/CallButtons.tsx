/** Calls the team, on servers that have calls. */
import "./calls.css";
import { useState } from "preact/hooks";
import { rareWords } from "../../i18n/rare";
import { type CallKind, startCall } from "../calls";
import type { Chat } from "../chat";
import { Camera, Phone } from "./icons";
import { useSpeech } from "./speech";

export function CallButtons({ chat }: { chat: Chat }) {
  const words = rareWords(useSpeech().lang);
  const [starting, setStarting] = useState(false);
  const [failed, setFailed] = useState(false);
  const conversation = chat.conversation.value;
  const going = !!conversation?.call;
  // Somebody has to be called in a conversation that goes on.
  const off = starting || going || conversation?.status !== "open";
  const start = async (kind: CallKind) => {
    if (off) return;
    setStarting(true);
    setFailed(false);
    await startCall(chat.headers(), kind).catch(() => setFailed(true));
    setStarting(false);
  };
  return (
    <div class="calls">
      <button type="button" aria-label={words.audio} aria-disabled={off} onClick={() => start("audio")}>
        <Phone />
      </button>
      <button type="button" aria-label={words.video} aria-disabled={off} onClick={() => start("video")}>
        <Camera />
      </button>
      <p role="status">{failed ? words.callFailed : going && words.calling}</p>
    </div>
  );
}
