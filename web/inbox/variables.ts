/** Fills in the variables of a canned reply. */
import type { Customer } from "./types";

export interface Known {
  customer: Customer;
  agent: string;
  business: string;
}

/** The text with what is known in the places of its variables; what isn't known leaves no trace but the words around. */
export function filled(text: string, { customer, agent, business }: Known): string {
  const values: Record<string, string> = {
    "customer.name": customer.name ?? "",
    "customer.email": customer.email ?? "",
    "agent.name": agent,
    "business.name": business,
  };
  return text.replace(/([ \t]?)\{\{\s*([a-z.]+)\s*\}\}/g, (whole, space: string, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return value && space + value;
  });
}

/** What is typed of a shortcut before the caret: where its slash is, and the letters after it. */
export function asked(text: string, caret: number): { from: number; letters: string } | null {
  const match = /(?:^|\s)\/([a-z0-9-]*)$/i.exec(text.slice(0, caret));
  return match ? { from: caret - match[1]!.length - 1, letters: match[1]!.toLowerCase() } : null;
}
