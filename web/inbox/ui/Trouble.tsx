/** What is shown when there is no inbox to show. */
import type { Speech } from "../speech";

export function Trouble({ speech: { words } }: { speech: Speech }) {
  return (
    <main class="trouble">
      <div role="alert">
        <h1>{words.trouble}</h1>
        <p>{words.troubleHint}</p>
        <button type="button" class="primary" onClick={() => location.reload()}>
          {words.again}
        </button>
      </div>
    </main>
  );
}
