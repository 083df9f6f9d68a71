// Runs one of the guide's snippets against a server and prints what it returned and what the server answered it.
//
//   OC_API_KEY=… node run.mjs SNIPPET SERVER_URL [CONVERSATION_ID]
import { readFile } from "node:fs/promises";

const [snippet, server, conversation] = process.argv.slice(2);

// What the guide takes for granted in the business's own backend.
const user = { id: "usr_42", name: "Jane Customer", email: "jane@example.com" };
const customer = { ...user, phone: "+34 600 123 456", plan: "pro", accountUrl: "https://app.acme.com/accounts/7" };
globalThis.requireYourCustomerSession = async () => ({ user });

const answers = [];
const { fetch } = globalThis;
globalThis.fetch = async (...request) => {
  const answer = await fetch(...request);
  answers.push({ status: answer.status, body: await answer.clone().json() });
  return answer;
};

let code = await readFile(new URL(snippet, import.meta.url), "utf8");
code = code.replaceAll("https://oc.example.com", server);
if (conversation) code = code.replaceAll("conversation_id_from_previous_step", conversation);
if (snippet.endsWith(".mts")) {
  const { default: typescript } = await import("../../web/node_modules/typescript/lib/typescript.js");
  const { ESNext } = typescript.ScriptTarget;
  code = typescript.transpileModule(code, { compilerOptions: { target: ESNext, module: ESNext } }).outputText;
}
const { handle, POST } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
const returned = handle ? await handle(customer) : await POST(new Request("https://app.acme.com/api/support"));
const body = await returned.text();
console.log(
  JSON.stringify({
    returned: {
      status: returned.status,
      location: returned.headers.get("location"),
      body: body ? JSON.parse(body) : null,
    },
    answers,
  }),
);
