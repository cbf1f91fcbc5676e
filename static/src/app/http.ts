/** Asking the server from a page: JSON both ways, the session's CSRF token, and problems as RFC 9457 tells them. */

import { say } from "./say";

export interface Problem {
  path: string;
  code: string;
  message: string;
  severity?: "error" | "warning";
}

/** An answer that is no success. `problems` are all that was wrong with what was sent. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly problems: readonly Problem[] = [],
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = "HttpError";
  }
}

export interface Options {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON, or as it is if it is a form's data. */
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

/** The answer's JSON.
 *
 * @throws HttpError for every answer that is no success, and with status 0 if there was none.
 * @throws DOMException named AbortError if `signal` ended it.
 */
export async function fetchJson<T = unknown>(url: string, options: Options = {}): Promise<T> {
  const response = await send(url, options);
  if (!response.ok) throw await errorOf(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function send(url: string, { method = "GET", body, signal, headers = {} }: Options): Promise<Response> {
  const asForm = body instanceof FormData || body instanceof URLSearchParams;
  const init: RequestInit = {
    method,
    credentials: "same-origin",
    headers: {
      Accept: "application/json, application/problem+json",
      ...(method === "GET" ? {} : { "X-CSRFToken": csrfToken() }),
      ...(body === undefined || asForm ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(signal ? { signal } : {}),
    ...(body === undefined ? {} : { body: asForm ? body : JSON.stringify(body) }),
  };
  try {
    return await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new HttpError(0, "offline", say("failed"));
  }
}

async function errorOf(response: Response): Promise<HttpError> {
  try {
    const { detail, code, problems, ...details } = (await response.json()) as {
      detail?: string;
      code?: string;
      problems?: Problem[];
    };
    return new HttpError(response.status, code ?? "error", detail ?? say("failed"), problems ?? [], details);
  } catch {
    return new HttpError(response.status, "error", say("failed"));
  }
}
