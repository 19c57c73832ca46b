// The title of the browser's tab.

import { useEffect } from "preact/hooks";
import { t } from "../i18n/language.ts";

/** Sets the title while the component is mounted. */
export function Title({ text }: { readonly text: string }): null {
  const app = t("app.title");
  useEffect(() => {
    document.title = `${text} · ${app}`;
  }, [text, app]);
  return null;
}
