/** Says why there is no chat: to the customer what to do, to whoever runs the website what is wrong. */
import "./trouble.css";
import { rareWords } from "../../i18n/rare";
import type { Trouble as Cause } from "../state";
import { Broken, Close } from "./icons";
import { useSpeech } from "./speech";

interface Props {
  trouble: Cause;
  onClose?: (() => void) | undefined;
}

/** What goes away by itself. */
const PASSING = ["unavailable", "view_behind", "timed_out", "busy", "internal_error", "unreachable", "rate_limited"];

export function Trouble({ trouble: { code, message }, onClose }: Props) {
  const words = rareWords(useSpeech().lang);
  const passing = PASSING.includes(code);
  const said = words.link[code] ?? (passing ? words.troubleServer : words.troubleSite);
  const technical = !words.link[code] && !passing;
  return (
    <main class="trouble">
      {onClose && (
        <button type="button" class="close" aria-label={words.close} onClick={onClose}>
          <Close />
        </button>
      )}
      <div role="alert">
        <Broken />
        <h1>{words.troubleTitle[code] ?? words.trouble}</h1>
        <p>{said}</p>
        {technical && (
          <div class="technical" lang="en" dir="ltr">
            <p>{message}</p>
            <p>
              <code>{code}</code>
            </p>
          </div>
        )}
        {passing && (
          <button type="button" class="again" onClick={() => location.reload()}>
            {words.again}
          </button>
        )}
      </div>
    </main>
  );
}
