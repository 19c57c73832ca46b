// A drop target for a file that is also a button.

import type { JSX } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import { bytes } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";

export function Drop({ file, hint, disabled, onFile }: {
  readonly file: File | null;
  readonly hint: string;
  readonly disabled: boolean;
  readonly onFile: (file: File) => void;
}): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const id = useId();
  const take = (files: FileList | null | undefined) => {
    const first = files?.[0];
    if (first !== undefined && !disabled) onFile(first);
  };
  return (
    <div
      class={over ? "drop over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files);
      }}
    >
      <svg viewBox="0 0 32 32" width="34" height="34" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
        <path d="M16 21V6 M10 11l6-6 6 6 M5 20v7h22v-7" />
      </svg>
      <p>{file === null ? t("import.drop") : <strong class="mono">{file.name} · {bytes(file.size)}</strong>}</p>
      <input
        ref={input} id={id} class="hidden-text" type="file" accept=".csv,.ndjson,.jsonl,text/csv,application/x-ndjson" tabIndex={-1} aria-label={t("import.choose")}
        disabled={disabled}
        onChange={(event) => {
          take(event.currentTarget.files);
          // Choosing the same file again must raise an event, because it may have been corrected.
          event.currentTarget.value = "";
        }}
      />
      <button type="button" class="button" disabled={disabled} onClick={() => input.current?.click()}>{file === null ? t("import.choose") : t("import.other")}</button>
      <p class="soft small mono">{hint}</p>
    </div>
  );
}
