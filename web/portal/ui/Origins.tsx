/** The list of websites that a key may be used on. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { isSafe, readOrigin } from "../origins";
import { useSpeech } from "../speech";
import { TextField } from "./Field";

export function Origins({ origins, fault, onChange }: { origins: readonly string[]; fault?: string | undefined; onChange(origins: string[]): void }) {
  const { words } = useSpeech();
  const typed = useSignal("");
  const wrong = useSignal<string | undefined>(undefined);
  const self = useRef<HTMLDivElement>(null);
  const add = (): void => {
    const origin = readOrigin(typed.value);
    wrong.value = !origin ? words.errors.origin : origins.includes(origin) ? words.widget.already : undefined;
    if (wrong.value || !origin) return;
    onChange([...origins, origin]);
    typed.value = "";
    self.current?.querySelector<HTMLInputElement>("input")?.focus();
  };
  return (
    <div class="origins" ref={self}>
      <div
        class="adding"
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
          event.preventDefault();
          add();
        }}
      >
        <TextField
          label={words.widget.origin}
          name="allowedOrigins"
          dir="ltr"
          inputMode="url"
          placeholder="https://www.acme.com"
          hint={words.widget.originHint}
          value={typed.value}
          fault={wrong.value ?? fault}
          onValue={(value) => {
            typed.value = value;
            wrong.value = undefined;
          }}
        />
        <button type="button" onClick={add}>
          {words.add}
        </button>
      </div>
      <ul role="list">
        {origins.map((it) => (
          <li key={it}>
            <bdi>{it}</bdi>
            {!isSafe(it) && <small>{words.widget.unsafe}</small>}
            <button type="button" class="link" onClick={() => onChange(origins.filter((other) => other !== it))}>
              {words.remove}
              <span class="unseen"> {it}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
