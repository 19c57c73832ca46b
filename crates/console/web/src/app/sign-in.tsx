// Sign-in: at the OpenID provider of the settings, or with a token that the user pastes where the settings accept it. A pasted
// token is parsed here and checked by the service before anything else is shown.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Field } from "../design/field.tsx";
import { t } from "../i18n/language.ts";
import { begin, failure } from "./oidc/flow.ts";
import { type SignInSettings, denied, settings, signIn } from "./session.ts";
import { Title } from "./title.tsx";

export function SignIn(): JSX.Element {
  const by = settings.value?.signIn ?? null;
  const why = denied.value;
  return (
    <section class="card" style={{ maxWidth: "560px", width: "100%", margin: "6vh auto 0" }}>
      <Title text={t("signIn.title")} />
      <div class="dialog-body">
        <h1>{t("signIn.title")}</h1>
        {why === null ? null : (
          <div class="notice warn" role="alert">{why === "" ? t("signIn.ended") : t("signIn.denied", { detail: why })}</div>
        )}
        {by === null ? <PastedToken /> : (
          <>
            <AtProvider by={by} />
            {by.acceptsTokens ? (
              <details>
                <summary>{t("signIn.paste")}</summary>
                <PastedToken />
              </details>
            ) : null}
          </>
        )}
      </div>
    </section>
  );
}

function AtProvider({ by }: { readonly by: SignInSettings }): JSX.Element {
  const failed = failure.value;
  return (
    <>
      <p class="soft">{t("signIn.provider", { host: host(by.issuer) })}</p>
      {failed === null ? null : (
        <div class="notice bad" role="alert" data-failure={failed.code}>
          <strong>{t(`signIn.${failed.code}`)}</strong>
          {failed.detail === null ? null : <span>{failed.detail}</span>}
        </div>
      )}
      <div>
        <button type="button" class="button primary" onClick={() => void begin(by, location.pathname + location.search)}>{t("signIn.do")}</button>
      </div>
    </>
  );
}

function host(issuer: string): string {
  return URL.canParse(issuer) ? new URL(issuer).host : issuer;
}

function PastedToken(): JSX.Element {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<"not-a-token" | "over" | null>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    setWrong(signIn(text));
  };
  return (
    <form class="pasted" onSubmit={submit} noValidate>
      <p class="soft">{t("signIn.lead")}</p>
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
      <div class="dialog-foot"><button type="submit" class="button primary">{t("signIn.withToken")}</button></div>
    </form>
  );
}
