/** The customer's chat as a test uses it, in the widget's frame or on a page of its own. */
import type { Frame, Page } from "playwright-core";

export class Chat {
  private said = "";

  constructor(readonly frame: Frame | Page) {}

  get box() {
    return this.frame.locator(".composer textarea");
  }

  get log() {
    return this.frame.getByRole("log");
  }

  async say(text: string): Promise<void> {
    await this.box.fill(text);
    await this.box.press("Enter");
    this.said = text;
  }

  /** Waits until a text is said. */
  async shows(text: string): Promise<void> {
    await this.log.getByText(text, { exact: true }).waitFor();
  }

  /** Waits until the latest message of the customer's own has come so far; what was said here last may not show yet. */
  async state(state: string): Promise<void> {
    const mine = this.log.locator(".mine").last().filter({ hasText: this.said });
    await mine.getByText(state, { exact: true }).waitFor();
  }

  /** Everything that was said, in order, without the greeting. */
  texts(): Promise<string[]> {
    return this.log.locator("article .bubble:not(.dots)").allTextContents().then((all) => all.slice(1));
  }
}
