/** Files, both ways: pictures are seen, everything else can be saved, and what may not be sent is told. */
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { violations } from "./support/axe";
import { visitor, type Visitor } from "./support/browser";
import { Business } from "./support/business";
import { Chat } from "./support/chat";
import { OpenChat } from "./support/openchat";

const PIXEL = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
const PDF = Buffer.from("%PDF-1.4\n%%EOF\n");

const described = readFileSync(new URL("../../openapi/openapi.json", import.meta.url), "utf8");
const withFiles = described.includes("/api/webchat/files");

let server: OpenChat;
let business: Business;
let customer: Visitor;
let chat: Chat;

beforeAll(async () => {
  server = await OpenChat.start();
  business = await Business.setUp(server);
  await business.available("online");
});
afterAll(() => server?.destroy());
beforeEach(async () => {
  customer = await visitor();
  await customer.page.goto(await business.handoff({ externalUserId: `files-${Math.random()}`, name: "Jane" }));
  chat = new Chat(customer.page);
  await chat.box.waitFor();
});
afterEach(() => customer.leave());

const attach = (name: string, mimeType: string, buffer: Buffer) =>
  customer.page.locator("input[type=file]").setInputFiles({ name, mimeType, buffer });

describe.runIf(withFiles)("a customer's file", () => {
  test("is sent: a picture is seen, another can be saved", async () => {
    await attach("pixel.png", "image/png", PIXEL);
    await chat.state("Sent");
    const picture = chat.log.getByRole("img", { name: "pixel.png" });
    await picture.waitFor();
    await expect.poll(() => picture.evaluate((it: HTMLImageElement) => it.naturalWidth)).toBe(1);
    await attach("report.pdf", "application/pdf", PDF);
    await chat.log.getByRole("button", { name: "Save report.pdf" }).waitFor();
    await chat.state("Sent");
    expect(await violations(customer.page)).toEqual([]);

    await customer.page.reload();
    await chat.log.getByRole("img", { name: "pixel.png" }).waitFor();
    const saving = customer.page.waitForEvent("download");
    await chat.log.getByRole("button", { name: "Save report.pdf" }).click();
    expect((await saving).suggestedFilename()).toBe("report.pdf");
    expect(customer.complaints).toEqual([]);
  });

  test("that may not be sent is refused with the reason, and can be taken back", async () => {
    await attach("page.html", "text/html", Buffer.from("<script>alert(1)</script>"));
    await chat.log.getByText("Not sent: files of this kind are not taken").waitFor();
    await chat.log.getByRole("button", { name: "Remove" }).click();
    await attach("large.png", "image/png", Buffer.alloc(10 * 1024 * 1024 + 1));
    await chat.log.getByText(/Not sent: a file can have .* at most/).waitFor();
    expect(await violations(customer.page)).toEqual([]);
  });

  test("that was not uploaded when the page was closed is told as lost, and can be removed", async () => {
    await customer.page.route("**/api/webchat/files?*", (route) => route.abort());
    await attach("pixel.png", "image/png", PIXEL);
    await chat.frame.getByText("Not sent yet").waitFor();
    await customer.page.reload();
    await chat.log.getByText("Not sent: the page was closed before the file was uploaded. Attach it again.").waitFor();
    await chat.log.getByRole("button", { name: "Remove" }).click();
    await chat.log.locator(".mine").waitFor({ state: "detached" });
  });

  test("is sent again by itself after a failure", async () => {
    await customer.page.route("**/api/webchat/files?*", (route) => route.abort(), { times: 1 });
    await attach("pixel.png", "image/png", PIXEL);
    await chat.frame.getByText("Not sent yet").waitFor();
    await chat.frame.getByRole("button", { name: "Try now" }).click();
    await chat.state("Sent");
    await chat.log.getByRole("img", { name: "pixel.png" }).waitFor();
  });
});
