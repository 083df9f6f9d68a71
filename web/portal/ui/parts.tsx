/** Small parts that every section is made of. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import type { Form } from "../form";
import type { Loaded } from "../load";
import { useSpeech } from "../speech";

export function Card({ title, intro, children, id }: { title: string; intro?: ComponentChildren; children: ComponentChildren; id?: string }) {
  return (
    <section class="card" id={id} aria-label={title}>
      <h2>{title}</h2>
      {intro && <p class="intro">{intro}</p>}
      {children}
    </section>
  );
}

/** The end of a form: the button, what it did, what is wrong. */
export function Ending<T extends object>({ form, action, always }: { form: Form<T>; action: string; always?: boolean }) {
  const { words } = useSpeech();
  return (
    <div class="ending">
      {form.wrong && (
        <p class="alert" role="alert" tabIndex={-1}>
          {form.wrong}
        </p>
      )}
      <button type="submit" class="primary" aria-disabled={form.busy || (!always && !form.changed)} aria-busy={form.busy}>
        {form.busy ? words.saving : action}
      </button>
      <span class="outcome" role="status">
        {form.saved && !form.changed ? words.saved : form.changed && !always ? words.unsaved : ""}
      </span>
    </div>
  );
}

/** Shows what was loaded, or that it is being loaded, or why it could not be. */
export function Await<T>({ from, children }: { from: Loaded<T>; children: (value: T) => ComponentChildren }) {
  const { words } = useSpeech();
  if (from.wrong.value !== null) {
    return (
      <div class="empty" role="alert">
        <p>{from.wrong.value}</p>
        <button type="button" onClick={() => void from.again()}>
          {words.again}
        </button>
      </div>
    );
  }
  if (from.value.value === null) return <Waiting />;
  return <>{children(from.value.value)}</>;
}

export function Waiting() {
  const { words } = useSpeech();
  return (
    <div class="waiting" aria-busy="true">
      <span class="unseen">{words.loading}</span>
      <i />
      <i />
      <i />
    </div>
  );
}

/** Text to take along, with a button that takes it. */
export function Snippet({ text, label, wrap }: { text: string; label: string; wrap?: boolean }) {
  return (
    <div class="snippet">
      <pre dir="ltr" tabIndex={0} aria-label={label} class={wrap ? "wrap" : undefined}>
        <code>{text}</code>
      </pre>
      <Copy text={text} what={label} />
    </div>
  );
}

export function Copy({ text, what }: { text: string; what: string }) {
  const { words } = useSpeech();
  const copied = useSignal(false);
  const copy = async (): Promise<void> => {
    copied.value = await take(text);
    setTimeout(() => (copied.value = false), 2_500);
  };
  return (
    <button type="button" class="copy" onClick={() => void copy()}>
      <span aria-live="polite">{copied.value ? words.copied : words.copy}</span>
      <span class="unseen"> {what}</span>
    </button>
  );
}

/** Puts text on the clipboard; pages that aren't on a safe connection can do it the old way only. */
async function take(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    const focused = document.activeElement as HTMLElement | null;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    focused?.focus();
    return done;
  }
}

interface DialogProps {
  title: string;
  onClose(): void;
  children: ComponentChildren;
}

/** A window over the page, the browser's own: it keeps the focus in, gives it back, and closes by Esc. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const { words } = useSpeech();
  const self = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const focused = document.activeElement as HTMLElement | null;
    self.current?.showModal();
    return () => focused?.focus();
  }, []);
  return (
    <dialog
      ref={self}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header>
        <h2>{title}</h2>
        <button type="button" class="tool" aria-label={words.close} onClick={onClose}>
          ✕
        </button>
      </header>
      <div class="inside">{children}</div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  text: string;
  action: string;
  onYes(): Promise<void> | void;
  onClose(): void;
  dangerous?: boolean;
}

/** Asks before something that can't be undone; what goes wrong is told where it was asked. */
export function Confirm({ title, text, action, onYes, onClose, dangerous = true }: ConfirmProps) {
  const { words } = useSpeech();
  const busy = useSignal(false);
  const yes = async (): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    await onYes();
    busy.value = false;
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      <div class="ending">
        <button type="button" class={dangerous ? "danger" : "primary"} aria-disabled={busy.value} onClick={() => void yes()}>
          {busy.value ? words.saving : action}
        </button>
        <button type="button" onClick={onClose}>
          {words.cancel}
        </button>
      </div>
    </Dialog>
  );
}
