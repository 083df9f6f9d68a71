/** Calls: where a customer's page asks for one. */
import { ask } from "../api/client";
import type { components } from "../api/generated";
import { as, type Door } from "./door";

type CustomerCall = components["schemas"]["CustomerCall"];
export type CallKind = components["schemas"]["CallKind"];

/** Calls the team in the customer's conversation; the answer lets its customer into the call's room. */
export async function startCall(door: Door, kind: CallKind): Promise<CustomerCall> {
  return ask<CustomerCall>("POST", "/api/webchat/calls", as(await door.enter()), { type: kind });
}
