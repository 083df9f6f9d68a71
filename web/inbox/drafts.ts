/** What an agent has begun to write, kept per conversation so that it outlives a change of conversation and a reload. */
import type { Keep } from "../chat/keep";
import type { SharedFile } from "./types";

export interface Draft {
  text: string;
  /** Whether it is a note for the team. */
  note: boolean;
  files: SharedFile[];
}

export const EMPTY: Draft = { text: "", note: false, files: [] };

/** The draft of a conversation; what can't be read is none. */
export function draftOf(kept: Keep, conversation: string): Draft {
  try {
    const found = JSON.parse(kept.get(`draft:${conversation}`) ?? "{}") as Partial<Draft>;
    return {
      text: typeof found.text === "string" ? found.text : "",
      note: found.note === true,
      files: Array.isArray(found.files) ? found.files : [],
    };
  } catch {
    return EMPTY;
  }
}

/** Keeps it; an empty one needs no place. */
export function keepDraft(kept: Keep, conversation: string, draft: Draft): void {
  const empty = !draft.text && draft.files.length === 0;
  kept.set(`draft:${conversation}`, empty ? null : JSON.stringify(draft));
}
