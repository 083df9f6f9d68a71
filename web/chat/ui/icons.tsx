/** The few pictures that the chat has; words say the same, so they are hidden from screen readers. */
import { CLIP, SEND } from "./paths";

function icon(path: string, filled = false) {
  return () => (
    <svg class={filled ? "icon filled" : "icon"} viewBox="0 0 24 24" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

export const Close = icon("M6 6l12 12M18 6L6 18");
export const Send = icon(SEND);
export const Down = icon("M12 5v14M6 13l6 6 6-6");
export const Star = icon("M12 3l2.8 5.9 6.4.8-4.7 4.4 1.2 6.4L12 17.4l-5.7 3.1 1.2-6.4L2.8 9.7l6.4-.8z", true);
export const Broken = icon("M5 4h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zM12 7.5v4M12 14v.1");
export const Clip = icon(CLIP);
