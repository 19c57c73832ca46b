// The text of a fault that a form found by itself.

import { known, t } from "../i18n/language.ts";
import type { Complaint } from "./limit.ts";

export function faultText({ why, limit, schema }: Complaint): string {
  const particular = schema === undefined ? undefined : known("form.pattern", schema);
  return particular ?? t(`form.${why}`, limit === undefined ? {} : { n: limit });
}
