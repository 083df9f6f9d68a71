/** Fields with their label, their hint, and what is wrong with them, tied together for everybody. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Around {
  label: string;
  hint?: ComponentChildren;
  fault?: string | undefined;
}

interface Tied {
  id: string;
  "aria-invalid": "true" | undefined;
  "aria-describedby": string | undefined;
}

function Frame({ label, hint, fault, children }: Around & { children: (tied: Tied) => ComponentChildren }) {
  const id = useId();
  const about = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-invalid": fault ? "true" : undefined, "aria-describedby": about || undefined })}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault && (
        <p class="fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </div>
  );
}

interface Text extends Around {
  name: string;
  value: string;
  onValue(value: string): void;
  type?: "text" | "email" | "password" | "url" | "number" | "date";
  dir?: "ltr" | "rtl" | "auto";
  autocomplete?: string;
  inputMode?: "url";
  placeholder?: string;
  min?: string;
  max?: string;
}

export function TextField({ label, hint, fault, onValue, type = "text", ...input }: Text) {
  return (
    <Frame label={label} hint={hint} fault={fault}>
      {(tied) => <input type={type as "text"} {...input} {...tied} onInput={(event) => onValue(event.currentTarget.value)} />}
    </Frame>
  );
}

type Long = Around & { name: string; value: string; rows?: number; placeholder?: string; onValue(value: string): void };

export function LongField({ label, hint, fault, onValue, rows = 3, ...area }: Long) {
  return (
    <Frame label={label} hint={hint} fault={fault}>
      {(tied) => <textarea dir="auto" rows={rows} {...area} {...tied} onInput={(event) => onValue(event.currentTarget.value)} />}
    </Frame>
  );
}

type Choice<T extends string> = Around & {
  name: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onValue(value: T): void;
};

export function SelectField<T extends string>({ label, hint, fault, name, value, options, onValue }: Choice<T>) {
  return (
    <Frame label={label} hint={hint} fault={fault}>
      {(tied) => (
        <select {...tied} name={name} value={value} onChange={(event) => onValue(event.currentTarget.value as T)}>
          {options.map(([it, text]) => (
            <option key={it} value={it}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Frame>
  );
}

interface Tick {
  label: string;
  hint?: string;
  checked: boolean;
  name?: string;
  onValue(checked: boolean): void;
}

export function Check({ label, hint, checked, name, onValue }: Tick) {
  return (
    <label class="check">
      <input type="checkbox" name={name} checked={checked} onChange={(event) => onValue(event.currentTarget.checked)} />
      <span>
        {label}
        {hint && <small>{hint}</small>}
      </span>
    </label>
  );
}

interface Radios<T extends string> {
  legend: string;
  name: string;
  value: T;
  options: readonly { value: T; label: string; hint: string }[];
  onValue(value: T): void;
}

export function RadioCards<T extends string>({ legend, name, value, options, onValue }: Radios<T>) {
  return (
    <fieldset class="cards">
      <legend>{legend}</legend>
      {options.map((it) => (
        <label key={it.value} class="option">
          <input type="radio" name={name} checked={it.value === value} onChange={() => onValue(it.value)} />
          <span>
            <b>{it.label}</b>
            <small>{it.hint}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
