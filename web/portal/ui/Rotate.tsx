/** Gives a key a new secret, with some time to put it everywhere. */
import { call, type Key, type Shown } from "../api";
import { useForm } from "../form";
import { learn, secrets } from "../secrets";
import { useSpeech } from "../speech";
import { SelectField } from "./Field";
import { Dialog, Ending, Snippet } from "./parts";

const OVERLAPS = ["0", "3600", "86400", "604800"] as const;

export function RotateDialog({ of, onDone, onClose }: { of: Key; onDone(): Promise<void>; onClose(): void }) {
  const { words } = useSpeech();
  const form = useForm<{ overlap: (typeof OVERLAPS)[number] }>({
    initial: { overlap: "86400" },
    send: async ({ overlap }) => {
      learn(await call<Shown>("POST", `/api/business/keys/${of.id}/rotate`, { overlapSeconds: Number(overlap) }));
      await onDone();
    },
  });
  const whole = secrets.value.get(of.id);
  return (
    <Dialog title={words.keys.rotateTitle(of.name)} onClose={onClose}>
      {form.saved && whole ? (
        <>
          <p class="notice">{words.keys.once}</p>
          <Snippet label={words.keys.whole} text={whole} wrap />
          <div class="ending">
            <button type="button" class="primary" onClick={onClose}>
              {words.keys.kept}
            </button>
          </div>
        </>
      ) : (
        <form noValidate onSubmit={form.onSubmit}>
          <p>{words.keys.rotateText}</p>
          <SelectField
            label={words.keys.overlap}
            name="overlapSeconds"
            value={form.values.overlap}
            options={OVERLAPS.map((it) => [it, words.keys.overlaps[it]] as const)}
            onValue={(overlap) => form.set({ overlap })}
          />
          <Ending form={form} action={words.keys.rotate} always />
        </form>
      )}
    </Dialog>
  );
}
