/** The way to the views, the agent's own availability, and the team's. */
import type { ComponentType } from "preact";
import type { Inbox } from "../inbox";
import type { Shown } from "../place";
import { useSpeech } from "../speech";
import type { Availability } from "../types";
import { Face } from "./Face";
import { All, Command, Help, Mine, Queue, Resolved, Settings, Unassigned } from "./icons";

const VIEWS: [Shown, ComponentType][] = [
  ["mine", Mine],
  ["unassigned", Unassigned],
  ["queue", Queue],
  ["all", All],
  ["resolved", Resolved],
];

export function Nav({ inbox }: { inbox: Inbox }) {
  const { words } = useSpeech();
  const { dialog } = inbox;
  const business = inbox.inbox.value?.business.name ?? words.inbox;
  return (
    <header class="nav">
      <p class="business">
        <Face id={business} name={business} />
        <span dir="auto">{business}</span>
      </p>
      <nav aria-label={words.viewsLabel}>
        {VIEWS.map(([name, Icon]) => (
          <ViewButton key={name} inbox={inbox} name={name} Icon={Icon} />
        ))}
      </nav>
      <Team inbox={inbox} />
      <div class="self">
        <AvailabilitySwitch inbox={inbox} />
        <div class="tools">
          <Tool label={words.palette} onClick={() => (dialog.value = "palette")} Icon={Command} />
          <Tool label={words.shortcuts} onClick={() => (dialog.value = "help")} Icon={Help} />
          <Tool label={words.settings} onClick={() => (dialog.value = "settings")} Icon={Settings} />
        </div>
      </div>
    </header>
  );
}

function ViewButton({ inbox, name, Icon }: { inbox: Inbox; name: Shown; Icon: ComponentType }) {
  const { words, locale } = useSpeech();
  const count = counted(inbox, name);
  const current = inbox.place.shown.value === name;
  return (
    <button
      type="button"
      title={words.views[name]}
      aria-current={current ? "page" : undefined}
      onClick={() => {
        inbox.show(name);
        if (inbox.place.openId.value && matchMedia("(max-width: 899px)").matches) inbox.open(null);
      }}
    >
      <Icon />
      <span class="label">{words.views[name]}</span>
      {count > 0 && (
        <span class={name === "mine" ? "count hot" : "count"}>
          {new Intl.NumberFormat(locale, { notation: "compact" }).format(count)}
          {name === "mine" && <span class="unseen"> {words.unread}</span>}
        </span>
      )}
    </button>
  );
}

function counted(inbox: Inbox, name: Shown): number {
  if (name === "mine") return inbox.unread.value;
  if (name === "queue") return inbox.inbox.value?.queue.length ?? 0;
  return name === "unassigned" ? inbox.views.unassigned.value.length : 0;
}

function Tool({ label, onClick, Icon }: { label: string; onClick: () => void; Icon: ComponentType }) {
  return (
    <button type="button" class="tool" aria-label={label} title={label} onClick={onClick}>
      <Icon />
    </button>
  );
}

function AvailabilitySwitch({ inbox }: { inbox: Inbox }) {
  const { words } = useSpeech();
  const now = inbox.availability.value;
  return (
    <label class={`availability ${now}`}>
      <i class="dot" aria-hidden="true" />
      <span class="unseen">{words.myAvailability}</span>
      <select
        value={now}
        onChange={(event) => void inbox.setAvailability(event.currentTarget.value as Availability)}
      >
        {(["online", "away", "offline"] as const).map((it) => (
          <option key={it} value={it}>
            {words.availability[it]}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Who of the team is there. */
function Team({ inbox }: { inbox: Inbox }) {
  const { words } = useSpeech();
  const others = (inbox.inbox.value?.agents ?? []).filter((it) => it.joined && it.id !== inbox.me.id);
  const rank: Record<Availability, number> = { online: 0, away: 1, offline: 2 };
  const team = [...others].sort((a, b) => rank[a.availability] - rank[b.availability] || a.name.localeCompare(b.name));
  if (!team.length) return <div class="team" />;
  return (
    <section class="team" aria-labelledby="team">
      <h2 id="team">{words.team}</h2>
      <ul role="list">
        {team.map((it) => (
          <li key={it.id} class={it.availability}>
            <i class="dot" aria-hidden="true" />
            <span dir="auto">{it.name}</span>
            <span class="unseen"> {words.availability[it.availability]}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
