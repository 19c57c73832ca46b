// Times in the zone of the prices, which differs from the zone of the browser.

/** The time of an instant in a zone, as HH:MM. */
export function clockAt(at: string, timeZone: string): string {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }).format(new Date(at));
}

/**
 * The time of the end of a period: midnight is 24:00 of the day that ends, not 00:00 of the next.
 */
export function clockUntil(at: string, timeZone: string): string {
  const clock = clockAt(at, timeZone);
  return clock === "00:00" ? "24:00" : clock;
}
