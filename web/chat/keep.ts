/** What the browser keeps for a page. Where it may keep nothing, the page goes on without. */

export interface Keep {
  get(name: string): string | null;
  set(name: string, value: string | null): void;
  /** The names of all that is kept. */
  names(): string[];
  /** Whether it will be there for another visit. */
  readonly lasting: boolean;
}

/** A browser's store, under names that begin with a prefix, so that businesses on one server don't mix. */
export function keep(store: () => Storage, prefix: string): Keep {
  const memory = new Map<string, string>();
  return {
    get lasting() {
      try {
        return !!store();
      } catch {
        return false;
      }
    },
    get: (name) => {
      try {
        return store().getItem(prefix + name);
      } catch {
        return memory.get(name) ?? null;
      }
    },
    set: (name, value) => {
      try {
        if (value === null) store().removeItem(prefix + name);
        else store().setItem(prefix + name, value);
      } catch {
        if (value === null) memory.delete(name);
        else memory.set(name, value);
      }
    },
    names: () => {
      try {
        const names = Object.keys(store());
        return names.filter((it) => it.startsWith(prefix)).map((it) => it.slice(prefix.length));
      } catch {
        return [...memory.keys()];
      }
    },
  };
}

/** What a key's frame keeps. As much of the key as stays the same when it is rotated names it. */
export function frameKeep(key: string): Keep {
  return keep(() => localStorage, `openchat:${key.slice(0, KEY_ID)}:`);
}

const KEY_ID = "oc_live_".length + 22;
