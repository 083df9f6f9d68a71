/** Files: attached, sent, shown, had again, and refused with the reason. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Desk, desk, says, until } from "./support/desk";
import { OpenChat } from "./support/openchat";
import { Backend, Person } from "./support/team";

const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

let server: OpenChat;
let ana: Person;
let at: Desk;

beforeAll(async () => {
  server = await OpenChat.start();
  ana = await Person.owner(server);
  const backend = await Backend.of(ana);
  await backend.writes({ externalUserId: "c1", name: "Jane Walker", email: "jane@example.com" }, "My receipt, please.");
  at = await desk(ana);
  await at.page.keyboard.press("g");
  await at.page.keyboard.press("u");
  await at.page.click(".row");
});

afterAll(async () => {
  await at?.leave();
  await server?.destroy();
});

test("files are attached, sent with words, shown, and to be had", async () => {
  const { page } = at;
  await page.setInputFiles(".composer input[type=file]", [
    { name: "photo.png", mimeType: "image/png", buffer: PIXEL },
    { name: "receipt.txt", mimeType: "text/plain", buffer: Buffer.from("42 EUR") },
  ]);
  await says(page, ".attached li", "receipt.txt");
  await says(page, ".attached li", "photo.png");
  await page.fill("textarea", "Here you are");
  await page.keyboard.press("Enter");
  await says(page, ".ours .bubble", "Here you are");
  await page.waitForFunction(() => document.querySelector<HTMLImageElement>(".picture img")?.naturalWidth === 1);
  await says(page, ".file .name", "receipt.txt");
  await until(async () => (await page.locator(".foot").count()) === 0);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click('.file[download="receipt.txt"]')]);
  expect(download.suggestedFilename()).toBe("receipt.txt");
  expect(await page.locator(".attached").count()).toBe(0);
});

test("a file that isn't accepted is refused with the reason", async () => {
  const { page } = at;
  await page.setInputFiles(".composer input[type=file]", {
    name: "program.exe",
    mimeType: "application/x-msdownload",
    buffer: Buffer.from("MZ"),
  });
  await says(page, ".toast", "program.exe was not uploaded: this kind of file is not accepted.");
});
