/** A list to choose from over the page, by letters, arrows and Enter, or by pointer. */
import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useSpeech } from "../speech";
import { Check } from "./icons";

export interface Option {
  key: string;
  label: string;
  hint?: string;
  /** Whether it is what holds now. */
  chosen?: boolean;
  Icon?: ComponentType;
}

interface Props {
  label: string;
  placeholder?: string;
  options: readonly Option[];
  /** An option made of what is typed, when nothing is called so. */
  free?: (typed: string) => Option | null;
  /** Whether several can hold; the list then stays open. */
  several?: boolean;
  onPick: (key: string) => void;
  onClose: () => void;
}

export function Picker({ label, placeholder, options, free, several = false, onPick, onClose }: Props) {
  const { words } = useSpeech();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(() => Math.max(0, several ? 0 : options.findIndex((it) => it.chosen)));
  const list = useRef<HTMLUListElement>(null);
  const letters = typed.trim().toLocaleLowerCase();
  const fits = options.filter((it) => it.label.toLocaleLowerCase().includes(letters));
  const extra = letters && !options.some((it) => it.label.toLocaleLowerCase() === letters) ? free?.(typed.trim()) : null;
  const shown = extra ? [...fits, extra] : fits;
  const active = shown[Math.min(at, shown.length - 1)];

  useEffect(() => {
    list.current?.querySelector(".active")?.scrollIntoView({ block: "nearest" });
  }, [active?.key]);
  const pick = (option: Option) => {
    setTyped("");
    // What is picked may open something else in this one's place.
    if (!several) onClose();
    onPick(option.key);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt((Math.min(at, shown.length - 1) + step + shown.length) % Math.max(1, shown.length));
    else if (event.key === "Enter" && active && !event.isComposing) pick(active);
    else return;
    event.preventDefault();
  };

  return (
    <Modal label={label} onClose={onClose} kind="picker">
      <input
        type="text"
        role="combobox"
        dir={typed ? "auto" : undefined}
        autocomplete="off"
        aria-label={label}
        aria-expanded="true"
        aria-controls="picker-list"
        aria-autocomplete="list"
        aria-activedescendant={active && `option-${shown.indexOf(active)}`}
        placeholder={placeholder ?? words.filter}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul role="listbox" id="picker-list" aria-label={label} aria-multiselectable={several} ref={list}>
        {shown.map((option, index) => (
          <li
            key={option.key}
            id={`option-${index}`}
            role="option"
            aria-selected={several ? option.chosen === true : option === active}
            class={option === active ? "active" : ""}
            onMouseMove={() => setAt(index)}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => pick(option)}
          >
            {option.Icon && <option.Icon />}
            <span class="name" dir="auto">
              {option.label}
            </span>
            {option.hint && <small dir="auto">{option.hint}</small>}
            {option.chosen && <Check />}
          </li>
        ))}
      </ul>
      <p class="nothing-fits" role="status">
        {shown.length === 0 && words.nothingFits}
      </p>
    </Modal>
  );
}

interface ModalProps {
  label: string;
  kind: string;
  onClose: () => void;
  children: ComponentChildren;
}

/** What stands over the page until it is closed. */
export function Modal({ label, kind, onClose, children }: ModalProps) {
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={box}
      class={kind}
      aria-label={label}
      // Closed by us rather than by itself, it is gone before the next key.
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClose={onClose}
      onClick={(event) => event.target === box.current && onClose()}
    >
      {children}
    </dialog>
  );
}
