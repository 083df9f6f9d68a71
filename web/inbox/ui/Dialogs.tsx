/** What the shortcuts and buttons open over the page. */
import { useState } from "preact/hooks";
import { number } from "../../i18n";
import { perform, possible } from "../actions";
import type { Inbox } from "../inbox";
import { type Action, BINDINGS } from "../keys";
import { fieldValue, presets } from "../snooze";
import { moment, useSpeech } from "../speech";
import type { Conversation, Priority } from "../types";
import { Help } from "./Help";
import { Modal, Picker } from "./Picker";
import { Settings } from "./Settings";

export function Dialogs({ inbox }: { inbox: Inbox }) {
  const { words } = useSpeech();
  const { dialog, subject } = inbox;
  const close = () => (dialog.value = null);
  const it = subject.value;
  switch (dialog.value) {
    case null:
      return null;
    case "invite":
      return <InvitePicker inbox={inbox} onClose={close} />;
    case "palette":
      return <Palette inbox={inbox} onClose={close} />;
    case "help":
      return <Help label={words.shortcuts} onClose={close} />;
    case "settings":
      return <Settings inbox={inbox} onClose={close} />;
    default:
      return it && <OnConversation inbox={inbox} it={it} onClose={close} />;
  }
}

interface Props {
  inbox: Inbox;
  it: Conversation;
  onClose: () => void;
}

function OnConversation(props: Props) {
  switch (props.inbox.dialog.value) {
    case "assign":
      return <AssignPicker {...props} />;
    case "snooze":
      return <SnoozePicker {...props} />;
    case "snoozeUntil":
      return <CustomSnooze {...props} />;
    case "tags":
      return <TagPicker {...props} />;
    case "priority":
      return <PriorityPicker {...props} />;
    default:
      return null;
  }
}

function AssignPicker({ inbox, it, onClose }: Props) {
  const { words, locale } = useSpeech();
  const team = (inbox.inbox.value?.agents ?? []).filter((agent) => agent.joined);
  const mine = (id: string) => id === inbox.me.id;
  const open = (id: string) =>
    inbox.inbox.value?.conversations.filter((one) => one.assignee?.id === id && one.status === "open").length ?? 0;
  const options = [...team]
    .sort((a, b) => Number(mine(b.id)) - Number(mine(a.id)) || a.name.localeCompare(b.name))
    .map((agent) => ({
      key: agent.id,
      label: mine(agent.id) ? words.me(agent.name) : agent.name,
      hint: `${words.availability[agent.availability]} · ${words.load(number(locale, open(agent.id)), number(locale, agent.capacity))}`,
      chosen: it.assignee?.id === agent.id,
    }));
  const back = it.assignee ? [{ key: "", label: words.putBack }] : [];
  const onPick = (id: string) => {
    const agent = team.find((one) => one.id === id);
    const to = agent ? { id: agent.id, name: agent.name } : null;
    if ((to?.id ?? null) !== (it.assignee?.id ?? null)) inbox.change(it, { kind: "assign", to });
  };
  return <Picker label={words.assign} options={[...options, ...back]} onPick={onPick} onClose={onClose} />;
}

/** Who can be brought into the call: whoever is there comes first. */
function InvitePicker({ inbox, onClose }: { inbox: Inbox; onClose: () => void }) {
  const { words } = useSpeech();
  const joined = inbox.calls.here.value?.call?.joined ?? [];
  const team = (inbox.inbox.value?.agents ?? []).filter(
    (agent) => agent.joined && !joined.some((it) => it.kind === "agent" && it.id === agent.id),
  );
  const rank = { online: 0, away: 1, offline: 2 };
  const options = [...team]
    .sort((a, b) => rank[a.availability] - rank[b.availability] || a.name.localeCompare(b.name))
    .map((agent) => ({ key: agent.id, label: agent.name, hint: words.availability[agent.availability] }));
  const onPick = (id: string) => {
    const agent = team.find((one) => one.id === id);
    if (agent) void inbox.calls.invite(agent);
  };
  return <Picker label={words.calls.invite} options={options} onPick={onPick} onClose={onClose} />;
}

function SnoozePicker({ inbox, it, onClose }: Props) {
  const { words, locale } = useSpeech();
  const [times] = useState(() => presets(new Date()));
  const options = [
    ...times.map(({ name, until }) => ({
      key: name as string,
      label: words.snoozeName[name],
      hint: moment(locale, until.toISOString()),
    })),
    { key: "custom", label: words.custom },
  ];
  return (
    <Picker
      label={words.snooze}
      options={options}
      onPick={(key) => {
        const time = times.find((one) => one.name === key);
        if (time) inbox.snooze(it, time.until);
        else inbox.dialog.value = "snoozeUntil";
      }}
      onClose={onClose}
    />
  );
}

function CustomSnooze({ inbox, it, onClose }: Props) {
  const { words } = useSpeech();
  const [earliest] = useState(() => fieldValue(new Date(Date.now() + 5 * 60_000)));
  const [value, setValue] = useState(() => fieldValue(new Date(Date.now() + 3 * 3_600_000)));
  return (
    <Modal label={words.custom} kind="custom" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          inbox.snooze(it, new Date(value));
          onClose();
        }}
      >
        <label>
          {words.customLabel}
          <input
            type="datetime-local"
            required
            min={earliest}
            value={value}
            onInput={(event) => setValue(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          {words.setTime}
        </button>
      </form>
    </Modal>
  );
}

function TagPicker({ inbox, it, onClose }: Props) {
  const { words } = useSpeech();
  // What was used lately comes to mind first; what was chosen stays where it was while the list is open.
  const [known] = useState(() => {
    const used = inbox.inbox.value?.conversations.flatMap((one) => one.tags) ?? [];
    return [...new Set([...it.tags, ...used])].slice(0, 200);
  });
  const tags = [...new Set([...known, ...it.tags])];
  const onPick = (tag: string) => {
    const wanted = it.tags.includes(tag) ? it.tags.filter((one) => one !== tag) : [...it.tags, tag];
    inbox.change(it, { kind: "tags", tags: wanted });
  };
  return (
    <Picker
      label={words.tag}
      several
      options={tags.map((tag) => ({ key: tag, label: tag, chosen: it.tags.includes(tag) }))}
      free={(typed) => (typed.length <= 50 ? { key: typed, label: words.newTag(typed) } : null)}
      onPick={onPick}
      onClose={onClose}
    />
  );
}

const PRIORITIES: readonly Priority[] = ["urgent", "high", "normal", "low"];

function PriorityPicker({ inbox, it, onClose }: Props) {
  const { words } = useSpeech();
  const options = PRIORITIES.map((key) => ({ key, label: words.priorityName[key], chosen: it.priority === key }));
  const onPick = (key: string) => inbox.change(it, { kind: "priority", priority: key as Priority });
  return <Picker label={words.priority} options={options} onPick={onPick} onClose={onClose} />;
}

function Palette({ inbox, onClose }: { inbox: Inbox; onClose: () => void }) {
  const { words } = useSpeech();
  const hidden: readonly Action[] = ["palette", "open"];
  const all: readonly Action[] = [...BINDINGS.map((it) => it.action), "online", "away", "offline"];
  const options = all
    .filter((action) => !hidden.includes(action) && possible(inbox, action))
    .map((action) => ({
      key: action as string,
      label: words.actions[action],
      hint: (BINDINGS.find((it) => it.action === action)?.keys[0] ?? "").replace(" ", " · "),
    }));
  return (
    <Picker
      label={words.palette}
      placeholder={words.paletteHint}
      options={options}
      onPick={(key) => perform(inbox, key as Action)}
      onClose={onClose}
    />
  );
}
