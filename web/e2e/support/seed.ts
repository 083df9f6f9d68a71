/** Fills a test server's read model with more conversations than anybody could write. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { OpenChat } from "./openchat";

/** Far behind whatever the test itself writes before. */
const HEAD = 1_000_000;

/**
 * Copies a conversation so often, each copy under an id, a name and a place of its own, and moves the log's head and its
 * readers behind all of them. The server reads that when it starts again.
 */
export async function seed(server: OpenChat, conversation: string, count: number): Promise<void> {
  const id = conversation.slice("cnv_".length);
  sql(
    server,
    `with one as (select * from inbox where conversation_id = '${id}'::uuid),
      copies as (select one.*, n, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as copy
        from one, generate_series(1, ${count}) as n)
    insert into inbox (tenant_id, conversation_id, position, customer_id, status, assignee_id, activity, snoozed_until,
        search, data)
    select tenant_id, copy, 1000 + n, customer_id, status, assignee_id, 1000 + n, snoozed_until, search,
      (data::jsonb || jsonb_build_object('id', 'cnv_' || replace(copy::text, '-', ''), 'activity', 1000 + n,
        'position', 1000 + n, 'subject', 'Order ' || n))::json
    from copies;
    update log_heads set position = ${HEAD};
    update checkpoints set position = ${HEAD};
    analyze inbox;`,
  );
  await server.stop("SIGTERM");
  await server.run();
}

function sql(server: OpenChat, text: string): void {
  const home = join(server.data, "postgres");
  const password = readFileSync(join(home, "password"), "utf8").trim();
  const about = ["-h", home, "-U", "openchat", "-d", "openchat", "-v", "ON_ERROR_STOP=1", "-q", "-c", text];
  execFileSync("psql", about, { env: { ...process.env, PGPASSWORD: password }, stdio: ["ignore", "ignore", "inherit"] });
}
