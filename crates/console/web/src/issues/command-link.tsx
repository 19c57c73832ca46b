// A link to a command.

import type { JSX } from "preact";
import { to } from "../app/router.ts";
import { t } from "../i18n/language.ts";

export function CommandLink({ id }: { readonly id: string }): JSX.Element {
  return <a href={to.command(id)}>{t("commands.command")}</a>;
}
