// What a user types, once they pause: each key would be a request.

import { useEffect, useState } from "preact/hooks";

/** Time without typing, in ms. */
const PAUSE_MS = 250;

/** `text` without the blanks around it, as it was when it last did not change for a moment; empty at first. */
export function useSettled(text: string): string {
  const [settled, setSettled] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
