// Sign-in: a bearer token, parsed here and checked by the service before anything else is shown.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Field } from "../design/field.tsx";
import { t } from "../i18n/language.ts";
import { denied, signIn } from "./session.ts";
import { Title } from "./title.tsx";

export function SignIn(): JSX.Element {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<"not-a-token" | "over" | null>(null);
  const why = denied.value;
  const submit = (event: Event) => {
    event.preventDefault();
    setWrong(signIn(text));
  };
  return (
    <section class="card" style={{ maxWidth: "560px", width: "100%", margin: "6vh auto 0" }}>
      <Title text={t("signIn.title")} />
      <form class="dialog-body" onSubmit={submit} noValidate>
        <h1>{t("signIn.title")}</h1>
        <p class="soft">{t("signIn.lead")}</p>
        {why === null ? null : (
          <div class="notice warn" role="alert">{why === "" ? t("signIn.ended") : t("signIn.denied", { detail: why })}</div>
        )}
        <Field label={t("signIn.token")} fault={wrong === null ? undefined : t(`signIn.${wrong}`)}>
          {(id) => (
            <textarea
              id={id} class="input" value={text} rows={5} spellcheck={false} autocomplete="off" autocapitalize="off"
              aria-invalid={wrong !== null}
              onInput={(event) => {
                setText(event.currentTarget.value);
                setWrong(null);
              }}
              onKeyDown={(event) => {
                if (event.key === "Enter" && !event.shiftKey) submit(event);
              }}
            />
          )}
        </Field>
        <p class="soft small">{t("signIn.hint")}</p>
        <div class="dialog-foot"><button type="submit" class="button primary">{t("signIn.do")}</button></div>
      </form>
    </section>
  );
}
