// Clocks of a station's own zone: its prices hold by these, wherever the person who looks is.

/** The hours and minutes that an instant shows in a zone. */
export function clockAt(at: string, timeZone: string): string {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }).format(new Date(at));
}

/** The same for the end of a time: midnight is the end of the day that it ends, not the beginning of the next. */
export function clockUntil(at: string, timeZone: string): string {
  const clock = clockAt(at, timeZone);
  return clock === "00:00" ? "24:00" : clock;
}
