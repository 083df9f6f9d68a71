/** Components that are loaded when they are first shown, so that a chat can be used before. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";

/** How soon a component that could not be loaded is tried again, in milliseconds. */
const RETRY = 2_000;

/** The component that is loaded; until then, nothing, or something else. */
export function lazily<P extends object>(load: () => Promise<ComponentType<P>>, meanwhile?: ComponentType<P>) {
  const loaded = signal<ComponentType<P> | undefined>(undefined);
  const start = (): unknown =>
    load().then(
      (it) => (loaded.value = it),
      () => setTimeout(start, RETRY),
    );
  let started = false;
  return (props: P) => {
    const It = loaded.value ?? meanwhile;
    useEffect(() => {
      if (!started) start();
      started = true;
    }, []);
    return It ? <It {...props} /> : null;
  };
}
