/** The shortcuts. */
import { Fragment } from "preact";
import { BINDINGS, type Group } from "../keys";
import { useSpeech } from "../speech";
import { Modal } from "./Picker";

const GROUPS: readonly Group[] = ["move", "act", "write", "call", "general"];

/** How the keyboard calls its keys. */
const NAMES: Record<string, string> = {
  ArrowDown: "↓",
  ArrowUp: "↑",
  Escape: "Esc",
  Enter: "⏎",
  E: "⇧ e",
  mod: /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl",
};

export function Help({ label, onClose }: { label: string; onClose: () => void }) {
  const { words } = useSpeech();
  const typed: [string, string[]][] = [
    [words.sendKey, ["Enter"]],
    [words.lineKey, ["⇧ Enter"]],
    [words.cannedKey, ["/"]],
    [words.leaveKey, ["Escape"]],
  ];
  return (
    <Modal label={label} kind="help" onClose={onClose}>
      <header>
        <h2>{label}</h2>
        <button type="button" onClick={onClose}>
          {words.close}
        </button>
      </header>
      <div>
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{words.groups[group]}</h3>
            <dl>
              {BINDINGS.filter((it) => it.group === group).map((it) => (
                <Shortcut key={it.action} does={words.actions[it.action]} keys={it.keys} />
              ))}
              {group === "write" && typed.map(([does, keys]) => <Shortcut key={does} does={does} keys={keys} />)}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}

function Shortcut({ does, keys }: { does: string; keys: readonly string[] }) {
  const { words } = useSpeech();
  return (
    <div>
      <dt>{does}</dt>
      <dd dir="ltr">
        {keys.map((sequence) => (
          <span key={sequence}>
            {sequence.split(" ").map((key, at) => (
              <Fragment key={key}>
                {at > 0 && !sequence.startsWith("mod") && !sequence.startsWith("⇧") && <small> {words.then} </small>}
                <kbd dir="ltr">{NAMES[key] ?? key}</kbd>
              </Fragment>
            ))}
          </span>
        ))}
      </dd>
    </div>
  );
}
