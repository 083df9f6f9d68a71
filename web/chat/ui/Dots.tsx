/** That somebody types. */
import "./dots.css";

/** A live region says who. */
export function Dots() {
  return (
    <div class="theirs opens closes" aria-hidden="true">
      <span class="face" />
      <div class="bubble dots">
        <i />
        <i />
        <i />
      </div>
    </div>
  );
}
