// The state of the feed connection: always as one word, and as a banner when it is lost.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { connection, resumed, retryNow } from "../feed/feed.ts";
import { clock } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { useNow } from "../live/resource.ts";

/** How long the banner reports a restored connection, in ms. */
const RELIEF_MS = 5_000;

export function FeedState(): JSX.Element | null {
  const { state } = connection.value;
  if (state === "idle") return null;
  const tone = state === "live" ? "tag good live" : state === "connecting" ? "tag plain" : "tag warn";
  return (
    <span class={tone} data-feed={state}>
      <span class="dot" />
      {t(`feed.${state}`)}
    </span>
  );
}

export function FeedBanner(): JSX.Element {
  return (
    <div role="status" aria-live="polite">
      {connection.value.state === "lost" ? <Lost /> : null}
      <Relief />
    </div>
  );
}

function Lost(): JSX.Element | null {
  const now = useNow(500);
  const lost = connection.value;
  if (lost.state !== "lost") return null;
  const seconds = Math.ceil((lost.retryAt - now) / 1000);
  const time = clock(lost.since);
  return (
    <div class="banner" data-banner="lost">
      <div class="banner-in">
        <strong>{t("feed.lostTitle")}</strong>
        <span>{seconds > 0 ? t("feed.lostText", { time, n: seconds }) : t("feed.lostTrying", { time })}</span>
        <button type="button" class="button slim" onClick={retryNow}>{t("feed.retry")}</button>
      </div>
    </div>
  );
}

function Relief(): JSX.Element | null {
  const times = resumed.value;
  const [seen, setSeen] = useState(times);
  useEffect(() => {
    if (times === seen) return;
    const timer = setTimeout(() => setSeen(times), RELIEF_MS);
    return () => clearTimeout(timer);
  }, [times, seen]);
  if (times === seen || connection.value.state === "lost") return null;
  return (
    <div class="banner good" data-banner="resumed">
      <div class="banner-in">{t("feed.resumed")}</div>
    </div>
  );
}
