/** Short words at the edge of the page. */
import { useSpeech } from "../speech";
import type { Toasts as Shown } from "../toasts";
import { Close } from "./icons";

export function Toasts({ toasts }: { toasts: Shown }) {
  const { words } = useSpeech();
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.toasts.value.map((it) => (
        <div key={it.id} class={`toast ${it.tone}`}>
          <p>{it.text}</p>
          {it.action && (
            <button
              type="button"
              class="link"
              onClick={() => {
                toasts.dismiss(it.id);
                it.action?.run();
              }}
            >
              {it.action.label}
            </button>
          )}
          <button type="button" class="tool" aria-label={words.close} onClick={() => toasts.dismiss(it.id)}>
            <Close />
          </button>
        </div>
      ))}
    </div>
  );
}
