/** The device's end of simulated HTTP. Replies may be given in any order, and later than the request. */

export interface HttpRequest {
  readonly method: string;
  /** As requested, with its query. */
  readonly path: string;
  readonly body: string;
}

/** Effective once; lost when nobody waits for it any more. */
export type HttpAnswer = (status: number, body: string) => void;

export interface HttpEnd {
  /** One handler; the last one given counts. */
  onRequest(handler: (request: HttpRequest, answer: HttpAnswer) => void): void;
}
