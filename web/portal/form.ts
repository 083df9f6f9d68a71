/** A form: what is in it, what is wrong with it, and whether it is being saved. */
import { useRef, useState } from "preact/hooks";
import { useEffect } from "preact/hooks";
import { ApiError } from "../api/client";
import { hold } from "./place";
import { fault, said, useSpeech } from "./speech";

export type Faults = Record<string, string | undefined>;

export interface Form<T> {
  values: T;
  set(changes: Partial<T>): void;
  faults: Faults;
  /** What is wrong with the whole of it. */
  wrong: string | null;
  busy: boolean;
  saved: boolean;
  changed: boolean;
  onSubmit(event: Event): void;
  /** Begins again, with other values. */
  reset(values: T): void;
}

interface Ways<T> {
  initial: T;
  /** What can be known to be wrong before asking. */
  check?(values: T): Faults;
  /** Sends it; what it answers are the values from then on. */
  send(values: T): Promise<T | void>;
  /** Whether changes are missed when the reader goes elsewhere. */
  guarded?: boolean;
}

export function useForm<T extends object>({ initial, check, send, guarded }: Ways<T>): Form<T> {
  const { words } = useSpeech();
  const [values, setValues] = useState(initial);
  const [base, setBase] = useState(initial);
  const [faults, setFaults] = useState<Faults>({});
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [saved, setSaved] = useState(false);
  const self = useRef({});
  const changed = JSON.stringify(values) !== JSON.stringify(base);

  useEffect(() => {
    if (guarded) hold(self.current, changed);
  }, [guarded, changed]);
  useEffect(() => () => hold(self.current, false), []);

  const reset = (to: T): void => {
    setValues(to);
    setBase(to);
  };

  async function submit(form: HTMLFormElement): Promise<void> {
    const found = withoutNothing(check?.(values) ?? {});
    setFaults(found);
    setWrong(null);
    setSaved(false);
    if (Object.keys(found).length) return focusFault(form);
    setBusy(true);
    try {
      reset((await send(values)) ?? values);
      setSaved(true);
    } catch (error) {
      const told = error instanceof ApiError ? error.fields : {};
      const fields = Object.fromEntries(Object.entries(told).map(([name, it]) => [name, fault(words, it)]));
      setFaults(fields);
      // A fault that none of the fields shows is shown for the whole.
      const shown = Object.keys(fields).some((it) => form.querySelector(`[name="${CSS.escape(it)}"]`));
      setWrong(shown ? null : [said(words, error), ...Object.values(fields)].join(" "));
      focusFault(form);
    } finally {
      setBusy(false);
    }
  }

  return {
    values,
    set: (changes) => {
      setValues((now) => ({ ...now, ...changes }));
      setSaved(false);
      setFaults((now) => ({ ...now, ...Object.fromEntries(Object.keys(changes).map((it) => [it, undefined])) }));
    },
    faults,
    wrong,
    busy,
    saved,
    changed,
    reset,
    onSubmit: (event) => {
      event.preventDefault();
      if (!busy) void submit(event.currentTarget as HTMLFormElement);
    },
  };
}

function withoutNothing(faults: Faults): Faults {
  return Object.fromEntries(Object.entries(faults).filter(([, fault]) => fault));
}

/** Once the faults are shown, brings the reader to the first. */
function focusFault(form: HTMLFormElement): void {
  requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"], [role="alert"]')?.focus());
}
