// A silent request in a hidden frame, for providers that issue no refresh token. It works while the
// browser sends the provider its cookies there: usually if both have the same registrable domain.

import { SignInFailure } from "./failure.ts";

/** Time limit for the provider to return, in ms. */
const PATIENCE_MS = 15_000;

/** Opens `url` in a frame; returns the query with which the provider returns to the console. */
export function askSilently(url: string): Promise<URLSearchParams> {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.src = url;
  return new Promise<URLSearchParams>((resolve, reject) => {
    const end = (act: () => void) => {
      clearTimeout(timer);
      removeEventListener("message", heard);
      frame.remove();
      act();
    };
    const heard = ({ origin, source, data }: MessageEvent<unknown>) => {
      if (origin === location.origin && source === frame.contentWindow && typeof data === "string") end(() => resolve(new URLSearchParams(data)));
    };
    const timer = setTimeout(() => end(() => reject(new SignInFailure("unreachable"))), PATIENCE_MS);
    addEventListener("message", heard);
    document.body.append(frame);
  });
}

/** In such a frame: passes the query of the address to the console around it. */
export function report(): boolean {
  if (parent === self) return false;
  parent.postMessage(location.search, location.origin);
  return true;
}
