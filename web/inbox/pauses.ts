/** Waits that something can cut short, because it says that it may work now. */

export function createPauses() {
  const waiting = new Set<() => void>();
  return {
    pause: (millis: number): Promise<void> =>
      new Promise((resolve) => {
        const go = () => {
          clearTimeout(timer);
          waiting.delete(go);
          resolve();
        };
        const timer = setTimeout(go, millis);
        waiting.add(go);
      }),
    hurry: () => waiting.forEach((go) => go()),
  };
}
