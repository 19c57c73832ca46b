// A link to the commands of a pile.

import type { JSX } from "preact";
import { to } from "../app/router.ts";
import { t } from "../i18n/language.ts";

export function CommandLink({ pileId }: { readonly pileId: string | null }): JSX.Element {
  return pileId === null ? <>{t("commands.command")}</> : <a href={`${to.commands}?pile=${pileId}`}>{t("commands.command")}</a>;
}
