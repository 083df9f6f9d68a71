/** Somebody's website, with whatever HTML and policy a test gives it. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Page {
  head?: string;
  body?: string;
  dir?: "rtl";
  headers?: Record<string, string>;
}

export class Shop {
  #pages = new Map<string, Page>();
  #server: Server;

  private constructor(
    server: Server,
    /** Another site than the server's, which is at 127.0.0.1. */
    readonly origin: string,
    /** The same website by its address: the same site as the server's, and another origin. */
    readonly address: string,
  ) {
    this.#server = server;
  }

  static async open(): Promise<Shop> {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const shop = new Shop(server, `http://localhost:${port}`, `http://127.0.0.1:${port}`);
    server.on("request", (request, response) => {
      const page = shop.#pages.get(new URL(request.url ?? "/", shop.origin).pathname);
      response.writeHead(page ? 200 : 404, { "content-type": "text/html; charset=utf-8", ...page?.headers });
      response.end(page ? html(page) : "");
    });
    return shop;
  }

  /** Puts a page at a path. */
  put(path: string, page: Page): void {
    this.#pages.set(path, page);
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(() => done()));
  }
}

/** The widget's snippet, as a website has it in its page. */
export function snippet(server: { url: string }, key: string, attributes = ""): string {
  return `<script async src="${server.url}/widget.js" data-api-key="${key}" ${attributes}></script>`;
}

function html({ head = "", body = "", dir }: Page): string {
  return `<!doctype html><html lang="en"${dir ? ` dir="${dir}"` : ""}><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1"><title>Shop</title>
    <link rel="icon" href="data:,">${head}</head>
    <body><h1>A shop</h1><p><a href="/other">Another page</a></p>${body}</body></html>`;
}
