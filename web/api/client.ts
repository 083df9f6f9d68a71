/** Asks the API, and tells every way in which it can fail as one kind of error. */

/** Why a request failed. The API's own words are in `message`; without an answer the status is 0. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** After how many seconds it is worth another try, when the server says so. */
    readonly retryAfter = 0,
    /** What is wrong with each field of the request, by its path. */
    readonly fields: Record<string, string> = {},
  ) {
    super(message);
  }

  /** Whether the same request may succeed a little later. */
  get passes(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

const PATIENCE = 20_000;

/** Sends a request; the answer's body is taken to be what the API's description says. */
export async function ask<T>(method: string, path: string, headers: HeadersInit, body?: unknown): Promise<T> {
  const sent = new Headers(headers);
  if (body !== undefined) sent.set("content-type", "application/json");
  const init: RequestInit = { method, headers: sent, signal: AbortSignal.timeout(PATIENCE) };
  if (body !== undefined) init.body = JSON.stringify(body);
  let answer: Response;
  let json: any;
  try {
    answer = await fetch(path, init);
    json = await answer.json();
  } catch {
    throw new ApiError(0, "unreachable", "");
  }
  if (answer.ok) return json as T;
  throw new ApiError(
    answer.status,
    json.code ?? "",
    json.error ?? answer.statusText,
    Number(answer.headers.get("retry-after")) || 0,
    json.fields,
  );
}
