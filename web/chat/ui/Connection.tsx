/** Says when there is no network, or when the connection has been gone for longer than a moment. */
import type { Chat } from "../chat";
import { useSpeech } from "./speech";

export function Connection({ chat }: { chat: Chat }) {
  const { words } = useSpeech();
  const said = !chat.online.value ? words.disconnected : chat.late.value && words.reconnecting;
  return (
    <div class="connection" role="status">
      {said && <p>{said}</p>}
    </div>
  );
}
