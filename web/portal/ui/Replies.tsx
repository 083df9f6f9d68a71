/** Answers that agents have at hand by a shortcut. */
import { useSignal } from "@preact/signals";
import { call, list, type Reply } from "../api";
import { type Faults, useForm } from "../form";
import { useLoaded } from "../load";
import { said, useSpeech } from "../speech";
import { LongField, TextField } from "./Field";
import { Await, Card, Confirm, Dialog, Ending } from "./parts";

type Doing = { what: "edit"; reply: Reply | null } | { what: "delete"; reply: Reply } | null;

export function Replies() {
  const { words } = useSpeech();
  const replies = useLoaded(() => list<Reply>("/api/admin/support/replies"));
  const doing = useSignal<Doing>(null);
  const wrong = useSignal<string | null>(null);
  const close = (): void => void (doing.value = null);
  const remove = async ({ shortcut }: Reply): Promise<void> => {
    try {
      await call("DELETE", `/api/business/replies/${shortcut}`);
      await replies.again();
    } catch (error) {
      wrong.value = said(words, error);
    }
    close();
  };
  const now = doing.value;
  return (
    <Card title={words.replies.title} intro={words.replies.intro}>
      <button type="button" onClick={() => (doing.value = { what: "edit", reply: null })}>
        {words.replies.make}
      </button>
      {wrong.value && <p class="alert" role="alert">{wrong.value}</p>}
      <Await from={replies}>
        {(all) =>
          all.length ? (
            <ul class="rows" role="list">
              {all.map((it) => (
                <li key={it.shortcut}>
                  <div class="what">
                    <h3>
                      <bdi dir="ltr">/{it.shortcut}</bdi>
                    </h3>
                    <p class="quiet clamp" dir="auto">{it.text}</p>
                  </div>
                  <div class="doings">
                    <button type="button" onClick={() => (doing.value = { what: "edit", reply: it })}>
                      {words.edit}
                      <span class="unseen"> /{it.shortcut}</span>
                    </button>
                    <button type="button" class="danger" onClick={() => (doing.value = { what: "delete", reply: it })}>
                      {words.remove}
                      <span class="unseen"> /{it.shortcut}</span>
                    </button>
                  </div>
                </li>
              ))}
            </ul>
          ) : (
            <p class="empty">{words.replies.none}</p>
          )
        }
      </Await>
      {now?.what === "edit" && <ReplyDialog it={now.reply} onDone={replies.again} onClose={close} />}
      {now?.what === "delete" && (
        <Confirm title={words.replies.removeTitle(now.reply.shortcut)} text={words.replies.removeText} action={words.remove} onYes={() => remove(now.reply)} onClose={close} />
      )}
    </Card>
  );
}

function ReplyDialog({ it, onDone, onClose }: { it: Reply | null; onDone(): Promise<void>; onClose(): void }) {
  const { words } = useSpeech();
  const form = useForm<Reply>({
    initial: it ?? { shortcut: "", text: "" },
    check: ({ shortcut, text }): Faults => ({
      shortcut: /^[a-z0-9][a-z0-9-]{0,31}$/.test(shortcut) ? undefined : words.replies.shortcutWrong,
      text: text.trim() ? undefined : words.errors.required,
    }),
    send: async ({ shortcut, text }) => {
      await call("PUT", `/api/business/replies/${shortcut}`, { text });
      await onDone();
      onClose();
    },
  });
  const { values, faults, set } = form;
  return (
    <Dialog title={it ? `/${it.shortcut}` : words.replies.make} onClose={onClose}>
      <form noValidate onSubmit={form.onSubmit}>
        {!it && <TextField label={words.replies.shortcut} hint={words.replies.shortcutHint} name="shortcut" dir="ltr" value={values.shortcut} fault={faults.shortcut} onValue={(shortcut) => set({ shortcut })} />}
        <LongField label={words.replies.text} hint={words.replies.textHint} name="text" rows={6} value={values.text} fault={faults.text} onValue={(text) => set({ text })} />
        <Ending form={form} action={words.save} />
      </form>
    </Dialog>
  );
}
