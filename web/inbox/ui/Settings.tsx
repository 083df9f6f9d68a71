/** What the agent chooses for this browser, and the way out. */
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import type { Inbox } from "../inbox";
import { askToNotify, mayNotify } from "../notify";
import { useSpeech } from "../speech";
import { Modal } from "./Picker";

export function Settings({ inbox, onClose }: { inbox: Inbox; onClose: () => void }) {
  const { words } = useSpeech();
  const { choices, choose } = inbox.prefs;
  const { sound, desktop, keys } = choices.value;
  const [permission, setPermission] = useState(mayNotify());
  const setDesktop = async (on: boolean) => {
    const granted = on && (await askToNotify());
    setPermission(mayNotify());
    choose({ desktop: granted });
  };
  const signOut = async () => {
    await ask("POST", "/api/auth/sign-out", {}).catch(() => undefined);
    location.assign("/sign-in?next=/inbox");
  };
  return (
    <Modal label={words.settings} kind="settings" onClose={onClose}>
      <header>
        <h2>{words.settings}</h2>
        <button type="button" onClick={onClose}>
          {words.close}
        </button>
      </header>
      <Choice
        label={words.soundOn}
        hint={words.soundHint}
        on={sound}
        set={(on) => {
          choose({ sound: on });
          if (on) inbox.attention.sound();
        }}
      />
      <Choice
        label={words.desktopOn}
        hint={permission === "denied" ? words.desktopBlocked : words.desktopHint}
        on={desktop && permission === "granted"}
        disabled={permission === "denied" || permission === "none"}
        set={(on) => void setDesktop(on)}
      />
      <Choice label={words.keysOn} hint={words.keysHint} on={keys} set={(on) => choose({ keys: on })} />
      <footer>
        <span class="quiet" dir="auto">
          {inbox.me.name}
        </span>
        {inbox.who.role !== "agent" && <a href="/portal">{words.portal}</a>}
        <button type="button" onClick={() => void signOut()}>
          {words.signOut}
        </button>
      </footer>
    </Modal>
  );
}

interface ChoiceProps {
  label: string;
  hint: string;
  on: boolean;
  disabled?: boolean;
  set: (on: boolean) => void;
}

function Choice({ label, hint, on, disabled = false, set }: ChoiceProps) {
  return (
    <label class="choice">
      <span>
        {label}
        <small>{hint}</small>
      </span>
      <input
        type="checkbox"
        role="switch"
        checked={on}
        disabled={disabled}
        onChange={(event) => set(event.currentTarget.checked)}
      />
    </label>
  );
}
