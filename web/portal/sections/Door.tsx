/** The forms of the pages before the portal. */
import { ask } from "../../api/client";
import type { Me } from "../api";
import { type Faults, useForm } from "../form";
import { readOrigin } from "../origins";
import { useSpeech } from "../speech";
import { TextField } from "../ui/Field";
import { Ending } from "../ui/parts";
import type { Words } from "../words/en";

const SHORTEST_PASSWORD = 10;

/** A form, as far as one of its fields needs it. */
interface With<T> {
  values: T;
  faults: Faults;
  set(changes: Partial<T>): void;
}
interface Named {
  name: string;
}
interface Account {
  email: string;
  password: string;
}

const required = (words: Words, value: string): string | undefined => (value.trim() ? undefined : words.errors.required);

function checkEmail(words: Words, email: string): string | undefined {
  return required(words, email) ?? (/^\S+@\S+$/.test(email.trim()) ? undefined : words.errors.email);
}

function checkPassword(words: Words, password: string): string | undefined {
  return [...password].length >= SHORTEST_PASSWORD ? undefined : words.errors.password(String(SHORTEST_PASSWORD));
}

function PasswordField({ form, fresh, hint }: { form: With<{ password: string }>; fresh: boolean; hint?: string }) {
  const { words } = useSpeech();
  return (
    <TextField
      label={words.password}
      name="password"
      type="password"
      dir="ltr"
      autocomplete={fresh ? "new-password" : "current-password"}
      hint={hint ?? (fresh ? words.passwordHint(String(SHORTEST_PASSWORD)) : undefined)}
      value={form.values.password}
      fault={form.faults.password}
      onValue={(password) => form.set({ password })}
    />
  );
}

function EmailField({ form }: { form: With<{ email: string }> }) {
  const { words } = useSpeech();
  return (
    <TextField
      label={words.email}
      name="email"
      type="email"
      dir="ltr"
      autocomplete="username"
      value={form.values.email}
      fault={form.faults.email}
      onValue={(email) => form.set({ email })}
    />
  );
}

function NameField({ form, hint }: { form: With<Named>; hint?: string }) {
  const { words } = useSpeech();
  return (
    <TextField
      label={words.yourName}
      name="name"
      dir="auto"
      autocomplete="name"
      hint={hint}
      value={form.values.name}
      fault={form.faults.name}
      onValue={(name) => form.set({ name })}
    />
  );
}

/** Keeps where the reader wanted to go on the way between signing in and signing up. */
const along = (path: string, next: string | null): string => (next ? `${path}?next=${encodeURIComponent(next)}` : path);

export function SignIn({ onDone, next }: { onDone(me: Me): void; next: string | null }) {
  const { words } = useSpeech();
  const form = useForm<Account>({
    initial: { email: "", password: "" },
    check: ({ email, password }): Faults => ({ email: checkEmail(words, email), password: required(words, password) }),
    send: async (values) => onDone(await ask<Me>("POST", "/api/auth/sign-in", {}, values)),
  });
  return (
    <form class="card" noValidate onSubmit={form.onSubmit}>
      <EmailField form={form} />
      <PasswordField form={form} fresh={false} />
      <Ending form={form} action={words.signIn.action} always />
      <p class="aside">
        {words.signIn.none} <a href={along("/sign-up", next)}>{words.signUp.title}</a>
      </p>
    </form>
  );
}

export function SignUp({ onDone, next }: { onDone(me: Me): void; next: string | null }) {
  const { words } = useSpeech();
  const form = useForm<Account & Named>({
    initial: { name: "", email: "", password: "" },
    check: ({ name, email, password }): Faults => ({
      name: required(words, name),
      email: checkEmail(words, email),
      password: checkPassword(words, password),
    }),
    send: async (values) => onDone(await ask<Me>("POST", "/api/auth/sign-up", {}, values)),
  });
  return (
    <form class="card" noValidate onSubmit={form.onSubmit}>
      <NameField form={form} />
      <EmailField form={form} />
      <PasswordField form={form} fresh />
      <Ending form={form} action={words.signUp.action} always />
      <p class="aside">
        {words.signUp.have} <a href={along("/sign-in", next)}>{words.signIn.title}</a>
      </p>
    </form>
  );
}

export function Invite({ token, onDone }: { token: string; onDone(me: Me): void }) {
  const { words } = useSpeech();
  const form = useForm<Named & { password: string }>({
    initial: { name: "", password: "" },
    check: ({ password }): Faults => ({ password: checkPassword(words, password) }),
    send: async ({ name, password }) => {
      const wanted = { token, password, ...(name.trim() ? { name } : {}) };
      onDone(await ask<Me>("POST", "/api/auth/accept-invite", {}, wanted));
    },
  });
  return (
    <form class="card" noValidate onSubmit={form.onSubmit}>
      <NameField form={form} hint={words.invite.nameHint} />
      <PasswordField
        form={form}
        fresh
        hint={words.invite.passwordHint(String(SHORTEST_PASSWORD))}
      />
      <Ending form={form} action={words.invite.action} always />
    </form>
  );
}

export function SetUp({ onDone }: { onDone(): void }) {
  const { words } = useSpeech();
  const form = useForm({
    initial: { businessName: "", domain: "" },
    check: ({ businessName, domain }): Faults => ({
      businessName: required(words, businessName),
      domain: domain.trim() && !readOrigin(domain) ? words.errors.origin : undefined,
    }),
    send: async ({ businessName, domain }) => {
      const origin = readOrigin(domain);
      await ask("POST", "/api/business/setup", {}, { businessName, ...(origin ? { domain: origin } : {}) });
      onDone();
    },
  });
  return (
    <form class="card" noValidate onSubmit={form.onSubmit}>
      <TextField
        label={words.setup.name}
        hint={words.setup.nameHint}
        name="businessName"
        dir="auto"
        autocomplete="organization"
        value={form.values.businessName}
        fault={form.faults.businessName}
        onValue={(businessName) => form.set({ businessName })}
      />
      <TextField
        label={words.setup.domain}
        hint={words.setup.domainHint}
        name="domain"
        dir="ltr"
        inputMode="url"
        autocomplete="url"
        placeholder="https://www.acme.com"
        value={form.values.domain}
        fault={form.faults.domain}
        onValue={(domain) => form.set({ domain })}
      />
      <Ending form={form} action={words.setup.action} always />
    </form>
  );
}
