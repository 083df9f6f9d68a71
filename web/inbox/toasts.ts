/** Short words at the edge of the page that go by themselves. */
import { signal } from "@preact/signals";

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "wrong";
  action?: { label: string; run: () => void };
}

const LASTS = 6_000;

export type Toasts = ReturnType<typeof createToasts>;

export function createToasts() {
  const toasts = signal<readonly Toast[]>([]);
  let last = 0;
  const dismiss = (id: number) => {
    toasts.value = toasts.value.filter((it) => it.id !== id);
  };
  return {
    toasts,
    dismiss,
    show: (text: string, tone: Toast["tone"] = "plain", action?: Toast["action"]) => {
      const id = ++last;
      toasts.value = [...toasts.value.slice(-2), { id, text, tone, ...(action && { action }) }];
      setTimeout(dismiss, action || tone === "wrong" ? 1.5 * LASTS : LASTS, id);
    },
  };
}
