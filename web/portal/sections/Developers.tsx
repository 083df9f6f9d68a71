/** Keys for the business's own code, and code to begin with. */
import { useSignal } from "@preact/signals";
import { call, type Key, list, type Me, type Permission, type Shown } from "../api";
import { type Faults, useForm } from "../form";
import { useLoaded } from "../load";
import { learn, secrets } from "../secrets";
import { LANGUAGES, type SnippetLanguage } from "../snippets";
import { ago, moment, said, useSpeech } from "../speech";
import { Warning } from "../ui/Brand";
import { Check, RadioCards, TextField } from "../ui/Field";
import { Origins } from "../ui/Origins";
import { Await, Card, Confirm, Dialog, Ending, Snippet } from "../ui/parts";
import { RotateDialog } from "../ui/Rotate";

const PERMISSIONS: readonly Permission[] = ["support:read", "support:write", "calls:write"];
type Doing = { what: "rotate" | "revoke"; key: Key } | { what: "make" } | null;

export function Developers({ me }: { me: Me }) {
  const { words } = useSpeech();
  const keys = useLoaded(() => list<Key>("/api/business/keys"));
  const doing = useSignal<Doing>(null);
  const wrong = useSignal<string | null>(null);
  const close = (): void => void (doing.value = null);
  const revoke = async (key: Key): Promise<void> => {
    try {
      await call("DELETE", `/api/business/keys/${key.id}`);
      wrong.value = null;
      await keys.again();
    } catch (error) {
      wrong.value = said(words, error);
    }
    close();
  };
  const now = doing.value;
  return (
    <>
      <Card title={words.keys.title} intro={words.keys.intro}>
        <button type="button" class="primary" onClick={() => (doing.value = { what: "make" })}>
          {words.keys.make}
        </button>
        {wrong.value && <p class="alert" role="alert">{wrong.value}</p>}
        <Await from={keys}>
          {(all) =>
            all.length ? (
              <ul class="rows" role="list">
                {all.map((key) => (
                  <KeyRow key={key.id} it={key} onDo={(what) => (doing.value = { what, key })} />
                ))}
              </ul>
            ) : (
              <p class="empty">{words.keys.none}</p>
            )
          }
        </Await>
      </Card>
      <Code />
      {now?.what === "make" && <MakeKey domain={me.business?.domain ?? null} onDone={keys.again} onClose={close} />}
      {now?.what === "rotate" && <RotateDialog of={now.key} onDone={keys.again} onClose={close} />}
      {now?.what === "revoke" && (
        <Confirm title={words.keys.revokeTitle(now.key.name)} text={words.keys.revokeText} action={words.keys.revoke} onYes={() => revoke(now.key)} onClose={close} />
      )}
    </>
  );
}

function KeyRow({ it, onDo }: { it: Key; onDo(what: "rotate" | "revoke"): void }) {
  const { words, locale } = useSpeech();
  const over = it.oldKeyValidUntil && Date.parse(it.oldKeyValidUntil) > Date.now();
  return (
    <li class={it.revokedAt ? "gone" : undefined} data-key={it.id}>
      <div class="what">
        <h3 dir="auto">{it.name}</h3>
        <code dir="ltr">{it.prefix}…</code>
        <p class="facts">
          {it.mode === "test" && <span class="tag">{words.keys.test}</span>}
          {it.permissions.map((permission) => (
            <span class="tag" key={permission} dir="ltr">
              {permission}
            </span>
          ))}
          <span>{it.originMode === "hotspot" ? words.keys.hotspot : <bdi>{it.allowedOrigins.join(", ")}</bdi>}</span>
          <span>{it.lastUsedAt ? words.keys.used(ago(locale, it.lastUsedAt)) : words.keys.unused}</span>
          {it.revokedAt && <span>{words.keys.revoked(moment(locale, it.revokedAt))}</span>}
          {over && !it.revokedAt && <span>{words.keys.oldUntil(moment(locale, it.oldKeyValidUntil!))}</span>}
        </p>
        {it.exposed && !it.revokedAt && (
          <p class="alert">
            <Warning /> {words.keys.exposed(it.exposed.origin)}
          </p>
        )}
      </div>
      {!it.revokedAt && (
        <div class="doings">
          <button type="button" onClick={() => onDo("rotate")}>
            {words.keys.rotate}
            <span class="unseen"> {it.name}</span>
          </button>
          <button type="button" class="danger" onClick={() => onDo("revoke")}>
            {words.keys.revoke}
            <span class="unseen"> {it.name}</span>
          </button>
        </div>
      )}
    </li>
  );
}

interface NewKey {
  name: string;
  permissions: Permission[];
  originMode: "strict" | "hotspot";
  allowedOrigins: string[];
  test: boolean;
}

function MakeKey({ domain, onDone, onClose }: { domain: string | null; onDone(): Promise<void>; onClose(): void }) {
  const { words } = useSpeech();
  const made = useSignal<string | null>(null);
  const form = useForm<NewKey>({
    initial: { name: "", permissions: ["support:read", "support:write"], originMode: domain ? "strict" : "hotspot", allowedOrigins: domain ? [domain] : [], test: false },
    check: ({ name, permissions, originMode, allowedOrigins }): Faults => ({
      name: name.trim() ? undefined : words.errors.required,
      permissions: permissions.length ? undefined : words.keys.noPermission,
      allowedOrigins: originMode === "strict" && !allowedOrigins.length ? words.widget.noOrigin : undefined,
    }),
    send: async (values) => {
      const shown = await call<Shown>("POST", "/api/business/keys", values);
      learn(shown);
      made.value = shown.integrationKey.id;
      await onDone();
    },
  });
  const { values, faults, set } = form;
  const whole = made.value && secrets.value.get(made.value);
  if (whole) {
    return (
      <Dialog title={words.keys.madeTitle} onClose={onClose}>
        <p class="notice">{words.keys.once}</p>
        <Snippet label={words.keys.whole} text={whole} wrap />
        <div class="ending">
          <button type="button" class="primary" onClick={onClose}>
            {words.keys.kept}
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={words.keys.make} onClose={onClose}>
      <form noValidate onSubmit={form.onSubmit}>
        <TextField label={words.keys.name} hint={words.keys.nameHint} name="name" dir="auto" value={values.name} fault={faults.name} onValue={(name) => set({ name })} />
        <fieldset>
          <legend>{words.keys.permissions}</legend>
          {PERMISSIONS.map((it) => (
            <Check
              key={it}
              name="permissions"
              label={it}
              hint={words.keys.can[it]}
              checked={values.permissions.includes(it)}
              onValue={(on) => set({ permissions: PERMISSIONS.filter((other) => (other === it ? on : values.permissions.includes(other))) })}
            />
          ))}
          {faults.permissions && <p class="fault" role="alert" tabIndex={-1}>{faults.permissions}</p>}
        </fieldset>
        <RadioCards
          legend={words.keys.mode}
          name="originMode"
          value={values.originMode}
          options={[
            { value: "strict", label: words.keys.strict, hint: words.keys.strictHint },
            { value: "hotspot", label: words.keys.hotspot, hint: words.keys.hotspotHint },
          ]}
          onValue={(originMode) => set({ originMode })}
        />
        {values.originMode === "strict" && <Origins origins={values.allowedOrigins} fault={faults.allowedOrigins} onChange={(allowedOrigins) => set({ allowedOrigins })} />}
        <Check label={words.keys.forTest} checked={values.test} onValue={(test) => set({ test })} />
        <Ending form={form} action={words.keys.make} always />
      </form>
    </Dialog>
  );
}

function Code() {
  const { words } = useSpeech();
  const language = useSignal<SnippetLanguage>("curl");
  return (
    <Card
      title={words.code.title}
      intro={
        <>
          {words.code.intro} <a href="/docs/">{words.docs}</a>
        </>
      }
    >
      <div class="tabs" role="group" aria-label={words.code.language}>
        {(Object.keys(LANGUAGES) as SnippetLanguage[]).map((it) => (
          <button key={it} type="button" aria-pressed={it === language.value} onClick={() => (language.value = it)}>
            {it}
          </button>
        ))}
      </div>
      <Snippet label={language.value} text={LANGUAGES[language.value](location.origin)} />
    </Card>
  );
}
