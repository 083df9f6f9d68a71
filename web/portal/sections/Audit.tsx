/** The history: who did what, when, through what; and how a conversation stood at a moment of it. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type Agent, type AuditEntry, call, type ConversationAsOf, list, type Me } from "../api";
import { type Names, sentence } from "../history";
import { useLoaded } from "../load";
import { moment, said, useSpeech } from "../speech";
import { SelectField, TextField } from "../ui/Field";
import { Await, Card, Dialog, Waiting } from "../ui/parts";

const TYPES = (
  "BusinessSetUp SettingsChanged KeyCreated KeyChanged KeyRotated KeyRevoked AgentInvited AgentJoined AgentRoleChanged AgentRenamed " +
  "AgentAvailabilityChanged AgentCapacityChanged AgentSkillsChanged AgentDeactivated CustomerRegistered VisitorArrived " +
  "CustomerProfileChanged CustomerMerged ConversationOpened MessagePosted NoteAdded ConversationAssigned ConversationUnassigned " +
  "ConversationRead ConversationTagged ConversationPrioritized ConversationSnoozed ConversationResolved ConversationReopened " +
  "ConversationRated CallStarted CallJoined CallEnded"
).split(" ");

interface Filter {
  type: string;
  actor: string;
  about: string;
  from: string;
  until: string;
}
const NOTHING: Filter = { type: "", actor: "", about: "", from: "", until: "" };

/** What is asked for, as the address says it; a day ends with its last moment. */
function query(filter: Filter, cursor?: string | null): string {
  const asked = new URLSearchParams();
  for (const name of ["type", "actor", "about"] as const) if (filter[name]) asked.set(name, filter[name]);
  if (filter.from) asked.set("from", new Date(`${filter.from}T00:00`).toISOString());
  if (filter.until) {
    const end = new Date(`${filter.until}T00:00`);
    end.setDate(end.getDate() + 1);
    asked.set("until", end.toISOString());
  }
  if (cursor) asked.set("cursor", cursor);
  return asked.toString();
}

export function Audit(_: { me: Me }) {
  const { words } = useSpeech();
  const filter = useSignal<Filter>(NOTHING);
  const entries = useSignal<AuditEntry[] | null>(null);
  const cursor = useSignal<string | null>(null);
  const wrong = useSignal<string | null>(null);
  const busy = useSignal(false);
  const looking = useSignal<AuditEntry | null>(null);
  const load = async (more: boolean): Promise<void> => {
    const asked = filter.value;
    busy.value = true;
    try {
      const page = await call<{ data: AuditEntry[]; nextCursor: string | null }>("GET", `/api/business/audit?${query(asked, more ? cursor.value : null)}`);
      // Another filter may have been chosen meanwhile.
      if (asked !== filter.value) return;
      entries.value = more ? [...(entries.value ?? []), ...page.data] : page.data;
      cursor.value = page.nextCursor;
      wrong.value = null;
    } catch (error) {
      wrong.value = said(words, error);
    }
    busy.value = false;
  };
  const narrow = (changes: Partial<Filter>): void => {
    filter.value = { ...filter.value, ...changes };
    void load(false);
  };
  const names = useSignal<Names>(new Map());
  useEffect(() => {
    void load(false);
    // Without the names, the history says whose it is in general words.
    void list<Agent>("/api/business/agents")
      .then((all) => (names.value = new Map(all.map((it) => [it.id, it.name]))))
      .catch(() => undefined);
  }, []);
  return (
    <Card title={words.audit.title} intro={words.audit.intro}>
      <Filters filter={filter.value} onChange={narrow} />
      {wrong.value && <p class="alert" role="alert">{wrong.value}</p>}
      {entries.value === null && !wrong.value && <Waiting />}
      {entries.value?.length === 0 && <p class="empty">{words.audit.none}</p>}
      <ol class="timeline" aria-busy={busy.value}>
        {entries.value?.map((it) => (
          <Entry key={it.id} it={it} names={names.value} onNarrow={narrow} onLook={() => (looking.value = it)} />
        ))}
      </ol>
      {cursor.value && (
        <button type="button" aria-disabled={busy.value} onClick={() => !busy.value && void load(true)}>
          {busy.value ? words.loading : words.audit.more}
        </button>
      )}
      {looking.value && <AsOf of={looking.value} onClose={() => (looking.value = null)} />}
    </Card>
  );
}

function Filters({ filter, onChange }: { filter: Filter; onChange(changes: Partial<Filter>): void }) {
  const { words } = useSpeech();
  return (
    <div class="filters">
      <SelectField label={words.audit.type} name="type" value={filter.type} options={[["", words.audit.allTypes], ...TYPES.map((it) => [it, it] as const)]} onValue={(type) => onChange({ type })} />
      <TextField label={words.audit.from} name="from" type="date" value={filter.from} onValue={(from) => onChange({ from })} />
      <TextField label={words.audit.until} name="until" type="date" value={filter.until} onValue={(until) => onChange({ until })} />
      <a class="button" href={`/api/business/audit/export?${query(filter)}`} download="events.jsonl">
        {words.audit.export}
      </a>
      {(["actor", "about"] as const).map(
        (it) =>
          filter[it] && (
            <button key={it} type="button" class="chip" onClick={() => onChange({ [it]: "" })}>
              {words.audit[it]} <code dir="ltr">{filter[it]}</code> ✕<span class="unseen"> {words.remove}</span>
            </button>
          ),
      )}
    </div>
  );
}

interface One {
  it: AuditEntry;
  names: Names;
  onNarrow(changes: Partial<Filter>): void;
  onLook(): void;
}

function Entry({ it, names, onNarrow, onLook }: One) {
  const speech = useSpeech();
  const { words, locale } = speech;
  const said = sentence(it, speech, names);
  return (
    <li>
      {said ? (
        <p>
          <bdi>{said.what}</bdi>
          <span class="who">
            {" · "}
            <bdi>{said.who}</bdi>
          </span>
        </p>
      ) : (
        <p lang="en" dir="ltr">
          {it.summary}
        </p>
      )}
      <p class="facts">
        <time dateTime={it.at}>{moment(locale, it.at)}</time>
        <span dir="ltr">#{it.position}</span>
        <code dir="ltr">{it.type}</code>
      </p>
      <details>
        <summary>
          {words.audit.details}
          <span class="unseen"> #{it.position}</span>
        </summary>
        <div class="doings">
          <button type="button" onClick={() => onNarrow({ actor: it.actor.id })}>{words.audit.onlyActor}</button>
          <button type="button" onClick={() => onNarrow({ about: it.subject.id })}>{words.audit.onlySubject}</button>
          {it.subject.type === "conversation" && (
            <button type="button" onClick={onLook}>
              {words.audit.asOf}
            </button>
          )}
        </div>
        <pre dir="ltr" tabIndex={0} aria-label={words.audit.details}>
          <code>{JSON.stringify({ actor: it.actor, via: it.via, requestId: it.requestId, subject: it.subject, data: it.data }, null, 2)}</code>
        </pre>
      </details>
    </li>
  );
}

/** A conversation exactly as it stood right after an event. */
function AsOf({ of, onClose }: { of: AuditEntry; onClose(): void }) {
  const { words, locale } = useSpeech();
  const then = useLoaded(async () => (await call<{ conversation: ConversationAsOf }>("GET", `/api/business/audit/conversations/${of.subject.id}?asOf=${of.position}`)).conversation);
  return (
    <Dialog title={words.audit.asOfTitle(moment(locale, of.at), String(of.position))} onClose={onClose}>
      <Await from={then}>
        {(it) => (
          <>
            <p class="facts">
              <span class="tag">{words.audit.statuses[it.status]}</span>
              <span dir="auto">{it.customer.name ?? words.audit.visitor}</span>
              <span dir="auto">{it.assignee ? it.assignee.name : words.audit.nobody}</span>
              {it.tags.map((tag) => (
                <span class="tag" key={tag} dir="auto">
                  {tag}
                </span>
              ))}
            </p>
            <ol class="then">
              {[...it.messages, ...it.notes]
                .sort((a, b) => a.position - b.position)
                .map((message) => (
                  <li key={message.id} class={it.notes.includes(message) ? "note" : message.author.kind}>
                    <b dir="auto">{("name" in message.author && message.author.name) || words.audit.visitor}</b>
                    <span dir="auto">{message.text}</span>
                  </li>
                ))}
            </ol>
          </>
        )}
      </Await>
    </Dialog>
  );
}
