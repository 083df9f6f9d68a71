/** What is known of the customer, and what was talked about before. */
import { day } from "../../i18n";
import type { Inbox } from "../inbox";
import { ago, useSpeech } from "../speech";
import type { Brief, Conversation } from "../types";
import { Face, nameOf } from "./Face";
import { Close } from "./icons";
import { useNow } from "./now";

export function Panel({ inbox }: { inbox: Inbox }) {
  const { words } = useSpeech();
  const it = inbox.current.value;
  return (
    <section class="panel" aria-label={words.customer}>
      <button type="button" class="tool close" aria-label={words.close} onClick={() => (inbox.panel.value = false)}>
        <Close />
      </button>
      {it ? <Known inbox={inbox} it={it} /> : <p class="quiet">{words.noCustomer}</p>}
    </section>
  );
}

function Known({ inbox, it }: { inbox: Inbox; it: Conversation }) {
  const { words, locale } = useSpeech();
  const { customer } = it;
  const name = nameOf(customer, words.visitor);
  const metadata = Object.entries((customer.metadata ?? {}) as Record<string, unknown>);
  const facts: [string, string | null | undefined][] = [
    [words.email, customer.email],
    [words.phone, customer.phone],
    [words.externalId, customer.externalUserId],
    [words.about, it.subject],
    [words.came, words.channel[it.channel]],
    [words.began, day(locale, it.createdAt)],
    [words.rating, it.rating && words.ratingOf(String(it.rating.score)) + (it.rating.comment ? ` · ${it.rating.comment}` : "")],
  ];
  return (
    <>
      <div class="card">
        <Face id={customer.id} name={name} />
        <h2 dir="auto">{name}</h2>
      </div>
      <Facts facts={facts} />
      {it.tags.length > 0 && (
        <ul class="tags" role="list" aria-label={words.tag}>
          {it.tags.map((tag) => (
            <li key={tag} class="mark tag" dir="auto">
              {tag}
            </li>
          ))}
        </ul>
      )}
      {metadata.length > 0 && (
        <section>
          <h3>{words.metadata}</h3>
          <Facts facts={metadata.map(([key, value]) => [key, String(value)])} />
        </section>
      )}
      <Others inbox={inbox} others={inbox.talk.value?.others ?? []} />
    </>
  );
}

function Facts({ facts }: { facts: readonly [string, string | null | undefined][] }) {
  return (
    <dl>
      {facts.map(
        ([name, value]) =>
          value && (
            <div key={name}>
              <dt dir="auto">{name}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function Others({ inbox, others }: { inbox: Inbox; others: readonly Brief[] }) {
  const { words, locale } = useSpeech();
  const now = useNow();
  return (
    <section>
      <h3>{words.others}</h3>
      {others.length === 0 && <p class="quiet">{words.noOthers}</p>}
      <ul role="list" class="others">
        {others.map((it) => (
          <li key={it.id}>
            <a
              href={`/inbox/${it.id}`}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                inbox.open(it.id);
              }}
            >
              <span dir="auto">{it.subject || it.lastMessage?.text || words.conversation}</span>
              <small>
                {words.status[it.status]} · {ago(locale, it.updatedAt, now)}
              </small>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
