/** The page of the agents' inbox. */
import "./ui/inbox.css";
import { render } from "preact";
import { ApiError, ask } from "../api/client";
import { createInbox } from "./inbox";
import { speak } from "./speech";
import type { Me } from "./types";
import { App } from "./ui/App";
import { Trouble } from "./ui/Trouble";
import { createWatch } from "./watch";

const speech = await speak(new URLSearchParams(location.search).get("lang"));
const root = document.querySelector("#app")!;

async function enter(): Promise<void> {
  try {
    const { agent, ...who } = await ask<Me>("GET", "/api/auth/me", {});
    if (!agent) return location.replace("/setup");
    const inbox = createInbox({ ...who, agent }, speech);
    render(<App inbox={inbox} watch={createWatch(inbox)} speech={speech} />, root);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) {
      const next = location.pathname + location.search + location.hash;
      return location.replace(`/sign-in?next=${encodeURIComponent(next)}`);
    }
    render(<Trouble speech={speech} />, root);
  }
}

await enter();
