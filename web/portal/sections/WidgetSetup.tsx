/** Installing the widget: where it may run, the line to put into a page, how it looks. */
import { call, type Key, list, type Me, readSettings, type Shown } from "../api";
import { type Faults, useForm } from "../form";
import { useLoaded } from "../load";
import { learn, secrets } from "../secrets";
import { widgetSnippet } from "../snippets";
import { useSpeech } from "../speech";
import { RadioCards } from "../ui/Field";
import { LookCard } from "../ui/Look";
import { Origins } from "../ui/Origins";
import { Await, Card, Ending, Snippet } from "../ui/parts";
import { useSignal } from "@preact/signals";
import { RotateDialog } from "../ui/Rotate";

export function WidgetSetup({ me }: { me: Me }) {
  const keys = useLoaded(() => list<Key>("/api/business/keys"));
  const settings = useLoaded(readSettings);
  return (
    <>
      <Await from={keys}>{(all) => <Place me={me} existing={forWidget(all)} again={keys.again} />}</Await>
      <Await from={settings}>{(it) => <LookCard settings={it} business={me.business?.name ?? ""} />}</Await>
    </>
  );
}

/** The key that a website has: one that can only read, because everybody can see it there. */
function forWidget(keys: Key[]): Key | undefined {
  return keys.find((it) => !it.revokedAt && it.permissions.join() === "support:read");
}

interface Where {
  originMode: "strict" | "hotspot";
  allowedOrigins: string[];
}

function Place({ me, existing, again }: { me: Me; existing: Key | undefined; again(): Promise<void> }) {
  const { words } = useSpeech();
  const domain = me.business?.domain;
  const initial: Where = existing ?? { originMode: "strict", allowedOrigins: domain ? [domain] : [] };
  const form = useForm<Where>({
    initial: { originMode: initial.originMode, allowedOrigins: initial.allowedOrigins },
    guarded: Boolean(existing),
    check: ({ originMode, allowedOrigins }): Faults => ({
      allowedOrigins: originMode === "strict" && !allowedOrigins.length ? words.widget.noOrigin : undefined,
    }),
    send: async (values) => {
      if (existing) await call("PATCH", `/api/business/keys/${existing.id}`, values);
      else learn(await call<Shown>("POST", "/api/business/keys", { name: words.widget.keyName, permissions: ["support:read"], ...values }));
      await again();
    },
  });
  return (
    <Card title={words.widget.where} intro={words.widget.whereIntro}>
      <form noValidate onSubmit={form.onSubmit}>
        <RadioCards
          legend={words.keys.mode}
          name="originMode"
          value={form.values.originMode}
          options={[
            { value: "strict", label: words.keys.strict, hint: words.keys.strictHint },
            { value: "hotspot", label: words.keys.hotspot, hint: words.keys.hotspotHint },
          ]}
          onValue={(originMode) => form.set({ originMode })}
        />
        {form.values.originMode === "strict" && (
          <Origins origins={form.values.allowedOrigins} fault={form.faults.allowedOrigins} onChange={(allowedOrigins) => form.set({ allowedOrigins })} />
        )}
        <Ending form={form} action={existing ? words.save : words.widget.make} always={!existing} />
      </form>
      {existing && <Installed widgetKey={existing} again={again} />}
    </Card>
  );
}

function Installed({ widgetKey, again }: { widgetKey: Key; again(): Promise<void> }) {
  const { words } = useSpeech();
  const rotating = useSignal(false);
  const whole = secrets.value.get(widgetKey.id);
  return (
    <div class="installed">
      <h3>{words.widget.snippet}</h3>
      <p class="hint">{words.widget.snippetHint}</p>
      <Snippet label={words.widget.snippet} text={widgetSnippet(location.origin, whole ?? `${widgetKey.prefix}…`)} wrap />
      {whole ? (
        <p class="notice">{words.keys.once}</p>
      ) : (
        <p class="hint">
          {words.widget.shownOnce}{" "}
          <button type="button" class="link" onClick={() => (rotating.value = true)}>
            {words.keys.rotate}
          </button>
        </p>
      )}
      {rotating.value && <RotateDialog of={widgetKey} onDone={again} onClose={() => (rotating.value = false)} />}
    </div>
  );
}
