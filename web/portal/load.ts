/** Something that is fetched: on its way, there, or not to be had. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { said, useSpeech } from "./speech";

export interface Loaded<T> {
  value: Signal<T | null>;
  wrong: Signal<string | null>;
  again(): Promise<void>;
}

export function useLoaded<T>(fetch: () => Promise<T>): Loaded<T> {
  const { words } = useSpeech();
  const value = useSignal<T | null>(null);
  const wrong = useSignal<string | null>(null);
  const again = async (): Promise<void> => {
    try {
      value.value = await fetch();
      wrong.value = null;
    } catch (error) {
      wrong.value = said(words, error);
    }
  };
  useEffect(() => void again(), []);
  return { value, wrong, again };
}
