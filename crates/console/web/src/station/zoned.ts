// Clocks of a station's own zone: its prices hold by these, wherever the person who looks is.

/** The hours and minutes that an instant shows, as it was told. */
export function clockAt(at: string): string {
  return at.slice(11, 16);
}

/** The same for the end of a time: midnight is the end of the day that it ends, not the beginning of the next. */
export function clockUntil(at: string): string {
  const clock = clockAt(at);
  return clock === "00:00" ? "24:00" : clock;
}
