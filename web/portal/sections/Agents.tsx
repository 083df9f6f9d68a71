/** The team: who is on it, invited, changed, taken off. */
import { useSignal } from "@preact/signals";
import { type Agent, call, list, type Me } from "../api";
import { type Faults, useForm } from "../form";
import { useLoaded } from "../load";
import { ago, said, useSpeech } from "../speech";
import { SelectField, TextField } from "../ui/Field";
import { Await, Card, Confirm, Dialog, Ending, Snippet } from "../ui/parts";

type Grantable = "agent" | "admin";
interface Invited {
  agent: Agent;
  inviteUrl: string;
}
type Doing = { what: "invite" } | { what: "link"; invited: Invited } | { what: "change" | "remove"; agent: Agent } | null;

export function Agents({ me }: { me: Me }) {
  const { words } = useSpeech();
  const team = useLoaded(() => list<Agent>("/api/business/agents"));
  const doing = useSignal<Doing>(null);
  const wrong = useSignal<string | null>(null);
  const close = (): void => void (doing.value = null);
  const attempt = async (what: () => Promise<void>): Promise<void> => {
    try {
      wrong.value = null;
      await what();
    } catch (error) {
      wrong.value = said(words, error);
    }
  };
  const resend = ({ email, name, role }: Agent): Promise<void> =>
    attempt(async () => {
      const invited = await call<Invited>("POST", "/api/business/agents", { email, name, role });
      doing.value = { what: "link", invited };
    });
  const remove = async ({ id }: Agent): Promise<void> => {
    await attempt(async () => {
      await call("DELETE", `/api/business/agents/${id}`);
      await team.again();
    });
    close();
  };
  const now = doing.value;
  return (
    <Card title={words.team.title} intro={words.team.intro}>
      <button type="button" class="primary" onClick={() => (doing.value = { what: "invite" })}>
        {words.team.invite}
      </button>
      {wrong.value && <p class="alert" role="alert">{wrong.value}</p>}
      <Await from={team}>
        {(all) => (
          <ul class="rows" role="list">
            {all.map((it) => (
              <AgentRow key={it.id} it={it} isMe={it.id === me.agent?.id} onDo={(what) => (what === "resend" ? void resend(it) : (doing.value = { what, agent: it }))} />
            ))}
          </ul>
        )}
      </Await>
      {now?.what === "invite" && (
        <InviteDialog
          onDone={async (invited) => {
            await team.again();
            doing.value = { what: "link", invited };
          }}
          onClose={close}
        />
      )}
      {now?.what === "link" && (
        <Dialog title={words.team.linkTitle(now.invited.agent.name)} onClose={close}>
          <p>{words.team.linkText(now.invited.agent.email)}</p>
          <Snippet label={words.team.link} text={now.invited.inviteUrl} wrap />
        </Dialog>
      )}
      {now?.what === "change" && <ChangeDialog it={now.agent} onDone={team.again} onClose={close} />}
      {now?.what === "remove" && (
        <Confirm title={words.team.removeTitle(now.agent.name)} text={words.team.removeText} action={words.team.remove} onYes={() => remove(now.agent)} onClose={close} />
      )}
    </Card>
  );
}

function AgentRow({ it, isMe, onDo }: { it: Agent; isMe: boolean; onDo(what: "change" | "remove" | "resend"): void }) {
  const { words, locale } = useSpeech();
  const gone = it.status === "deactivated";
  return (
    <li class={gone ? "gone" : undefined} data-agent={it.email}>
      <div class="what">
        <h3 dir="auto">
          {it.name} {isMe && <small>{words.team.you}</small>}
        </h3>
        <bdi class="quiet">{it.email}</bdi>
        <p class="facts">
          <span class="tag">{words.team.roles[it.role]}</span>
          {it.status === "active" ? (
            <span class={`availability ${it.availability}`}>{words.team.availability[it.availability]}</span>
          ) : (
            <span>{it.status === "invited" && it.invitedAt ? words.team.invitedAgo(ago(locale, it.invitedAt)) : words.team.status[it.status]}</span>
          )}
          {!gone && <span>{words.team.upTo(String(it.capacity))}</span>}
          {it.skills.map((skill) => (
            <span class="tag" key={skill} dir="auto">
              {skill}
            </span>
          ))}
        </p>
      </div>
      {!gone && (
        <div class="doings">
          {it.status === "invited" && (
            <button type="button" onClick={() => onDo("resend")}>
              {words.team.resend}
              <span class="unseen"> {it.name}</span>
            </button>
          )}
          {it.status === "active" && (
            <button type="button" onClick={() => onDo("change")}>
              {words.edit}
              <span class="unseen"> {it.name}</span>
            </button>
          )}
          {!isMe && it.role !== "owner" && (
            <button type="button" class="danger" onClick={() => onDo("remove")}>
              {words.team.remove}
              <span class="unseen"> {it.name}</span>
            </button>
          )}
        </div>
      )}
    </li>
  );
}

function InviteDialog({ onDone, onClose }: { onDone(invited: Invited): Promise<void>; onClose(): void }) {
  const { words } = useSpeech();
  const form = useForm<{ name: string; email: string; role: Grantable }>({
    initial: { name: "", email: "", role: "agent" },
    check: ({ name, email }): Faults => ({
      name: name.trim() ? undefined : words.errors.required,
      email: /^\S+@\S+$/.test(email.trim()) ? undefined : words.errors.email,
    }),
    send: async (values) => onDone(await call<Invited>("POST", "/api/business/agents", values)),
  });
  const { values, faults, set } = form;
  return (
    <Dialog title={words.team.invite} onClose={onClose}>
      <form noValidate onSubmit={form.onSubmit}>
        <TextField label={words.name} name="name" dir="auto" value={values.name} fault={faults.name} onValue={(name) => set({ name })} />
        <TextField label={words.email} name="email" type="email" dir="ltr" value={values.email} fault={faults.email} onValue={(email) => set({ email })} />
        <RoleField value={values.role} onValue={(role) => set({ role })} />
        <Ending form={form} action={words.team.invite} always />
      </form>
    </Dialog>
  );
}

function RoleField({ value, onValue }: { value: Grantable; onValue(role: Grantable): void }) {
  const { words } = useSpeech();
  return (
    <SelectField
      label={words.team.role}
      hint={words.team.roleHint}
      name="role"
      value={value}
      options={[
        ["agent", words.team.roles.agent],
        ["admin", words.team.roles.admin],
      ]}
      onValue={onValue}
    />
  );
}

function ChangeDialog({ it, onDone, onClose }: { it: Agent; onDone(): Promise<void>; onClose(): void }) {
  const { words } = useSpeech();
  const form = useForm({
    initial: { name: it.name as string, role: it.role, capacity: String(it.capacity), skills: it.skills.join(", "), availability: it.availability },
    check: ({ name, capacity }): Faults => ({
      name: name.trim() ? undefined : words.errors.required,
      capacity: /^\d{1,4}$/.test(capacity) && Number(capacity) <= 1_000 ? undefined : words.errors.count("0", "1000"),
    }),
    send: async ({ name, role, capacity, skills, availability }) => {
      const changes = {
        name,
        capacity: Number(capacity),
        skills: skills.split(/[,،]/).map((skill) => skill.trim()).filter(Boolean),
        ...(role === it.role ? {} : { role }),
        ...(availability === it.availability ? {} : { availability }),
      };
      await call("PATCH", `/api/business/agents/${it.id}`, changes);
      await onDone();
      onClose();
    },
  });
  const { values, faults, set } = form;
  return (
    <Dialog title={it.name} onClose={onClose}>
      <form noValidate onSubmit={form.onSubmit}>
        <TextField label={words.name} hint={words.team.nameHint} name="name" dir="auto" value={values.name} fault={faults.name} onValue={(name) => set({ name })} />
        {values.role !== "owner" && <RoleField value={values.role} onValue={(role) => set({ role })} />}
        <TextField label={words.team.capacity} hint={words.team.capacityHint} name="capacity" type="number" min="0" max="1000" value={values.capacity} fault={faults.capacity} onValue={(capacity) => set({ capacity })} />
        <TextField label={words.team.skills} hint={words.team.skillsHint} name="skills" dir="auto" value={values.skills} fault={faults.skills} onValue={(skills) => set({ skills })} />
        <SelectField
          label={words.team.available}
          name="availability"
          value={values.availability}
          options={(["online", "away", "offline"] as const).map((name) => [name, words.team.availability[name]] as const)}
          onValue={(availability) => set({ availability })}
        />
        <Ending form={form} action={words.save} />
      </form>
    </Dialog>
  );
}
