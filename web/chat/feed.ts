/**
 * The live feed: a socket that comes back by itself, from where it was, until it is told not to.
 *
 * Every delta proves by its `previous` that none before it is missing. Should one be, the feed begins anew.
 */
import type { ClientFrame, Frame, Position } from "../api/types";

const FIRST_RETRY = 500;
const LAST_RETRY = 30_000;
/** The same while somebody looks at the page. */
const LAST_SEEN_RETRY = 5_000;
/** How often the server is asked whether it is still there, and how long it has for the answer, in milliseconds. */
const PING = 25_000;
const PONG = 8_000;

/** The code with which the server ends the feed of a session that is over. */
const SESSION_ENDED = 4001;

/** A frame with a place in the feed: a delta says what it follows, a greeting begins there. */
interface Placed {
  position: Position;
  previous?: Position;
}

/** As much of any feed's frame as following it takes. */
type Told = { type: string; afterMillis?: number } & Partial<Placed>;

/** Where the feed stands after a frame. */
export type Step =
  /** Here. */
  | { position: Position }
  /** It had that already. */
  | "repeated"
  /** Something is missing. */
  | "gap";

/** Whether a frame with a place in the feed is the next one. */
export function place(at: Position | null, frame: Placed): Step {
  if (frame.previous === undefined) return { position: frame.position };
  if (at === null || frame.previous > at) return "gap";
  return frame.position > at ? { position: frame.position } : "repeated";
}

export interface Feed<C = ClientFrame> {
  /** Sends a frame, if there is a connection, and answers whether: what is true only now isn't worth keeping. */
  send(frame: C): boolean;
  /** Tries at once, because something says that it may work now. */
  wake(): void;
  close(): void;
}

interface Listener<F> {
  /** A frame came; deltas come once each and in order. */
  onFrame(frame: F): void;
  /** Whether there is a connection. */
  onLive(live: boolean): void;
  /** A connection could not be opened, for a reason that a browser doesn't tell. Answers whether to go on trying. */
  onRefused(): Promise<boolean>;
  /** The session is over. */
  onEnded(): void;
}

/** Asks for a sign of life after so long without one; without an answer, the connection is taken to be dead. */
function heart(socket: () => WebSocket | null, dead: () => void) {
  let timer = 0;
  return {
    beat: (after: number) => {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        const it = socket();
        if (it?.readyState === WebSocket.OPEN) it.send('{"type":"ping"}');
        timer = window.setTimeout(dead, PONG);
      }, after);
    },
    stop: () => clearTimeout(timer),
  };
}

/**
 * Follows the feed at a path, of whoever the token is of; without one, of whoever the browser's cookie says.
 * `F` and `C` are what this feed sends and takes.
 */
export function follow<F extends object = Frame, C = ClientFrame>(
  token: string | null,
  listener: Listener<F>,
  path = "/api/webchat/socket",
): Feed<C> {
  const protocols = token ? ["openchat", `bearer.${token}`] : ["openchat"];
  let socket: WebSocket | null = null;
  let at: Position | null = null;
  let retry = FIRST_RETRY;
  let timer = 0;
  let closed = false;
  const pulse = heart(() => socket, drop);

  function connect(): void {
    clearTimeout(timer);
    const url = new URL(at === null ? path : `${path}?after=${at}`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const mine = new WebSocket(url, protocols);
    let greeted = false;
    socket = mine;
    mine.onmessage = ({ data }) => {
      if (mine !== socket) return;
      pulse.beat(PING);
      const frame = JSON.parse(data) as F & Told;
      if (frame.type === "reconnect") {
        retry = frame.afterMillis ?? FIRST_RETRY;
      } else if (frame.position !== undefined) {
        const step = place(at, frame as Placed);
        if (step === "repeated") return;
        if (step === "gap") {
          at = null;
          return drop();
        }
        at = step.position;
        if (!greeted) {
          greeted = true;
          retry = FIRST_RETRY;
          listener.onLive(true);
        }
        listener.onFrame(frame);
      } else {
        listener.onFrame(frame);
      }
    };
    mine.onclose = async ({ code }) => {
      if (mine !== socket) return;
      lose();
      if (code === SESSION_ENDED) return end();
      if (!greeted && navigator.onLine && !(await listener.onRefused())) return end();
      if (closed || socket) return;
      timer = window.setTimeout(connect, retry * (0.5 + Math.random() / 2));
      retry = Math.min(retry * 2, document.hidden ? LAST_RETRY : LAST_SEEN_RETRY);
    };
    pulse.beat(PING);
  }

  /** Gives the connection up and makes another. */
  function drop(): void {
    const last = socket;
    lose();
    last?.close();
    if (!closed) connect();
  }

  function lose(): void {
    pulse.stop();
    socket = null;
    listener.onLive(false);
  }

  function end(): void {
    if (closed) return;
    closed = true;
    listener.onEnded();
  }

  connect();
  return {
    send: (frame) => {
      if (socket?.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(frame));
      return true;
    },
    wake: () => {
      if (closed) return;
      if (socket) pulse.beat(0);
      else connect();
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
      const last = socket;
      lose();
      last?.close();
    },
  };
}
