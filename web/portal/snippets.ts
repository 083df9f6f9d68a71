/** Code to take along, made for this server. It reads the key from the environment, so that no secret ends up in code. */
import handoff from "./snippets/handoff.rs?raw";

export const widgetSnippet = (base: string, key: string): string =>
  `<script async src="${base}/widget.js" data-api-key="${key}"></script>`;

export const curl = (base: string): string => `curl -sS ${base}/api/public/support/handoffs \\
  -H "X-API-Key: $OPENCHAT_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"customer":{"externalUserId":"cus_123","name":"Jane Customer","email":"jane@example.com"}}'
`;

export const conversation = (base: string): string => `curl -sS ${base}/api/public/support/conversations \\
  -H "X-API-Key: $OPENCHAT_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"customer":{"externalUserId":"cus_123","name":"Jane Customer"},"message":{"type":"text","text":"Hello!"}}'
`;

const node = (base: string): string => `// node handoff.mjs
const answer = await fetch("${base}/api/public/support/handoffs", {
  method: "POST",
  headers: { "X-API-Key": process.env.OPENCHAT_API_KEY, "Content-Type": "application/json" },
  body: JSON.stringify({
    customer: { externalUserId: "cus_123", name: "Jane Customer", email: "jane@example.com" },
  }),
});
const handoff = await answer.json();
if (!answer.ok) throw new Error(handoff.error);
console.log(handoff.redirectTo);
`;

const python = (base: string): string => `# python3 handoff.py
import json, os, urllib.request

request = urllib.request.Request(
    "${base}/api/public/support/handoffs",
    data=json.dumps({
        "customer": {"externalUserId": "cus_123", "name": "Jane Customer", "email": "jane@example.com"},
    }).encode(),
    headers={"X-API-Key": os.environ["OPENCHAT_API_KEY"], "Content-Type": "application/json"},
)
with urllib.request.urlopen(request) as answer:
    print(json.load(answer)["redirectTo"])
`;

/** A file of its own, so that a test of the server can compile it. */
const rust = (base: string): string => handoff.replace("https://openchat.example", base);

export const LANGUAGES = { curl, "Node.js": node, Python: python, Rust: rust };
export type SnippetLanguage = keyof typeof LANGUAGES;
