// Pages whose code is loaded when they are first shown.

import { lazy } from "../design/lazy.tsx";

export const SessionsPage = lazy(async () => (await import("../sessions/page.tsx")).SessionsPage);
export const SessionPage = lazy<{ readonly id: string }>(async () => (await import("../session/page.tsx")).SessionPage);
export const CommandsPage = lazy(async () => (await import("../commands/page.tsx")).CommandsPage);
