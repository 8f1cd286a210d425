/**
 * Requests to one device that speaks HTTP. Each request is a connection of its own, so what one request left behind
 * is never read as the answer to another, and a short one may pass while a long one waits.
 */

export type HttpMethod = "GET" | "HEAD" | "PUT" | "DELETE";

export interface HttpReply {
  readonly status: number;
  /** Bounded by the port. */
  readonly body: string;
}

export interface HttpPort {
  /** As the site file names it; used in faults and captures. */
  readonly name: string;
  /**
   * `path` begins with a slash; a body that is not null is JSON. Any status resolves. Rejects with Fault
   * `link.open-failed` or `link.refused` when nothing was sent; with `link.timeout`, `link.closed` or `link.garbled` when the device
   * may have acted all the same.
   */
  request(method: HttpMethod, path: string, body: string | null, deadlineMs: number): Promise<HttpReply>;
  /** Gives up every request under way; each rejects with `link.closed`. Sends nothing. The port may be used again. */
  abandon(why: string): void;
}
