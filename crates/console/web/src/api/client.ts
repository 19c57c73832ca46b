// Typed calls of the API: paths, parameters and responses are checked against the OpenAPI
// documents.

import type { paths as AssetPaths } from "../../generated/asset-api.ts";
import type { paths as CommandPaths } from "../../generated/command-dispatcher.ts";
import { deny, renewed, settings, token } from "../app/session.ts";
import { Problem } from "./problem.ts";

type Method = "get" | "post" | "put" | "patch" | "delete";
type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : never;
type Operation<Paths, P extends keyof Paths, M extends Method> = M extends keyof Paths[P] ? NonNullable<Paths[P][M]> : never;
type With<Paths, M extends Method> = { [P in keyof Paths]: Operation<Paths, P, M> extends never ? never : P }[keyof Paths] & string;
type Good<O> = O extends { responses: infer R }
  ? 200 extends keyof R ? Json<R[200]> : 201 extends keyof R ? Json<R[201]> : 202 extends keyof R ? Json<R[202]> : 204 extends keyof R ? void : never
  : never;
type Path<O> = O extends { parameters: { path: infer P } } ? P : undefined;
type Loose<Q> = { readonly [name in keyof Q]?: Q[name] | undefined };
type Query<O> = O extends { parameters: { query?: infer Q } } ? Loose<Q> : undefined;
type Body<O> = O extends { requestBody?: infer B } ? Json<NonNullable<B>> : undefined;

export interface Options<O> {
  readonly path?: Path<O>;
  readonly query?: Query<O>;
  readonly body?: Body<O>;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
}

/** Time limit of a call. The services answer within their own deadline of 10 s. */
const PATIENCE_MS = 20_000;

class Client<Paths> {
  constructor(private readonly base: () => string | null) {}

  get<P extends With<Paths, "get">>(path: P, options: Options<Operation<Paths, P, "get">> = {}): Promise<Good<Operation<Paths, P, "get">>> {
    return this.call("GET", path, options);
  }

  post<P extends With<Paths, "post">>(path: P, options: Options<Operation<Paths, P, "post">> = {}): Promise<Good<Operation<Paths, P, "post">>> {
    return this.call("POST", path, options);
  }

  put<P extends With<Paths, "put">>(path: P, options: Options<Operation<Paths, P, "put">> = {}): Promise<Good<Operation<Paths, P, "put">>> {
    return this.call("PUT", path, options);
  }

  patch<P extends With<Paths, "patch">>(path: P, options: Options<Operation<Paths, P, "patch">> = {}): Promise<Good<Operation<Paths, P, "patch">>> {
    return this.call("PATCH", path, options);
  }

  delete<P extends With<Paths, "delete">>(path: P, options: Options<Operation<Paths, P, "delete">> = {}): Promise<Good<Operation<Paths, P, "delete">>> {
    return this.call("DELETE", path, options);
  }

  private async call<T>(method: string, path: string, options: object): Promise<T> {
    const base = this.base();
    if (base === null) throw new Problem(0, "NO_DISPATCHER", "No dispatcher", null, [], null, null);
    const { path: parts, query, body, headers, signal } = options as Parts;
    const init: RequestInit = { method, headers: { ...authorization(), ...headers }, signal: limited(signal) };
    if (body !== undefined) {
      init.headers = { ...init.headers, "content-type": "application/json" };
      init.body = JSON.stringify(body);
    }
    const response = await send(base + filled(path, parts) + searched(query), init);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }
}

interface Parts {
  readonly path?: Record<string, string | number>;
  readonly query?: Record<string, unknown>;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** asset-api, which serves these pages. */
export const assets = new Client<AssetPaths>(() => "");
/** command-dispatcher, at another origin; null if none is configured. */
export const dispatcher = new Client<CommandPaths>(() => settings.value?.dispatcher ?? null);

/** The condition that a resource has still this version, so that an edit overwrites no other one. */
export function ifMatch(version: number): Record<string, string> {
  return { "if-match": `"${version}"` };
}

/** The condition that a resource does not exist yet. */
export const onlyCreate: Record<string, string> = { "if-none-match": "*" };

/** The header with the token. */
export function authorization(): Record<string, string> {
  const held = token();
  return held === null ? {} : { authorization: `Bearer ${held}` };
}

/**
 * Sends a request. Throws a `Problem` on failure; a refused token is renewed once, or ends the
 * session.
 */
export async function send(url: string, init: RequestInit, again = true): Promise<Response> {
  const response = await fetch(url, { ...init, cache: "no-store", credentials: "omit" }).catch((cause: unknown) => {
    if (init.signal?.aborted && !(init.signal.reason instanceof DOMException && init.signal.reason.name === "TimeoutError")) throw cause;
    throw Problem.unreachable(cause);
  });
  if (response.ok) return response;
  const problem = await Problem.of(response);
  if (problem.status === 401 && again && (await renewed())) return send(url, { ...init, headers: { ...init.headers, ...authorization() } }, false);
  if (problem.status === 401) deny(problem.detail ?? problem.title);
  throw problem;
}

function limited(signal: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(PATIENCE_MS);
  return signal === undefined ? limit : AbortSignal.any([signal, limit]);
}

function filled(path: string, parts: Record<string, string | number> | undefined): string {
  return path.replace(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(String(parts?.[name] ?? "")));
}

/** The query with the given values, with its question mark; empty if there are none. */
export function searched(query: Record<string, unknown> | undefined): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") said.set(name, String(value));
  }
  const text = said.toString();
  return text === "" ? "" : `?${text}`;
}
