/** Says when the connection has been gone for longer than a moment. */
import type { Chat } from "../chat";
import { useSpeech } from "./speech";

export function Connection({ chat }: { chat: Chat }) {
  const { words } = useSpeech();
  const late = chat.late.value;
  return (
    <div class="connection" role="status">
      {late && <p>{navigator.onLine ? words.reconnecting : words.disconnected}</p>}
    </div>
  );
}
