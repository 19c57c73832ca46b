// The exact difference of two amounts of money.

/** `one` minus `other`, with its sign; both have the digits of the same currency. */
export function difference(one: string, other: string): string {
  const digits = Math.max(...[one, other].map((text) => (text.split(".")[1] ?? "").length));
  const units = (text: string) => BigInt(text.replace(".", "") + "0".repeat(digits - (text.split(".")[1] ?? "").length));
  const found = units(one) - units(other);
  const text = (found < 0n ? -found : found).toString().padStart(digits + 1, "0");
  const sign = found < 0n ? "−" : found > 0n ? "+" : "";
  return sign + (digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`);
}
