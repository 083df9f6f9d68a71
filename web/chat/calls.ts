/** Calls: where a customer's page asks for one. */
import { ask } from "../api/client";
import type { components } from "../api/generated";

type CustomerCall = components["schemas"]["CustomerCall"];
export type CallKind = components["schemas"]["CallKind"];

/** Calls the team in the customer's conversation; the answer lets its customer into the call's room. */
export function startCall(as: Record<string, string>, kind: CallKind): Promise<CustomerCall> {
  return ask<CustomerCall>("POST", "/api/webchat/calls", as, { type: kind });
}
