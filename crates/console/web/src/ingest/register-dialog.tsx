// Registers a device as a pile. The device reported most fields; the user enters the rest.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { assets } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { Pile, Station, Unregistered } from "../api/types.ts";
import { to } from "../app/router.ts";
import { Dialog } from "../design/dialog.tsx";
import { Field } from "../design/field.tsx";
import { meaning } from "../design/states.tsx";
import { t } from "../i18n/language.ts";
import { useResource } from "../live/resource.ts";

const PAUSE_MS = 250;
const OFFERED = 20;

export function RegisterDialog({ device, onRegistered, onClose }: { readonly device: Unregistered; readonly onRegistered: () => void; readonly onClose: () => void }): JSX.Element {
  const [station, setStation] = useState("");
  const [name, setName] = useState("");
  const [model, setModel] = useState(device.model ?? "");
  const [rated, setRated] = useState("");
  const [current, setCurrent] = useState<"" | "AC" | "DC">("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const [made, setMade] = useState<Pile | null>(null);
  const fault = (field: string) => problem?.faults.find((one) => one.field === field)?.message;
  const incomplete = station === "" || model.trim() === "" || !(Number(rated) > 0);
  const register = (event: Event) => {
    event.preventDefault();
    if (incomplete || busy) return;
    setBusy(true);
    setProblem(null);
    const { chargePointId, vendor, serialNumber } = device;
    const body = { chargePointId, model: model.trim(), ratedPowerKw: Number(rated), currentType: current === "" ? null : current, name: name.trim() || null, vendor, serialNumber };
    assets.post("/api/v1/stations/{stationId}/piles", { path: { stationId: station }, body: body as never }).then(
      (pile) => {
        setMade(pile);
        onRegistered();
      },
      (error: unknown) => setProblem(error instanceof Problem ? error : Problem.unreachable(error)),
    ).finally(() => setBusy(false));
  };
  if (made !== null) {
    return (
      <Dialog title={t("unregistered.registerTitle", { device: device.chargePointId })} onClose={onClose}>
        <div class="notice good" role="status">{t("unregistered.done")}</div>
        <div class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>{t("command.close")}</button>
          <a class="button primary" href={to.pile(made.id)}>{t("unregistered.see")}</a>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={t("unregistered.registerTitle", { device: device.chargePointId })} onClose={onClose}>
      <form class="dialog-form" onSubmit={register}>
        <StationChoice value={station} onChoose={setStation} />
        <Field label={t("unregistered.name")} fault={fault("name")}>
          {(id) => <input id={id} class="input" value={name} maxLength={200} onInput={(event) => setName(event.currentTarget.value)} />}
        </Field>
        <Field label={t("unregistered.model")} fault={fault("model")}>
          {(id) => <input id={id} class="input" value={model} maxLength={200} required onInput={(event) => setModel(event.currentTarget.value)} />}
        </Field>
        <Field label={t("unregistered.rated")} fault={fault("ratedPowerKw")}>
          {(id) => <input id={id} class="input num" value={rated} type="number" inputMode="decimal" min="0.1" max="10000" step="any" required onInput={(event) => setRated(event.currentTarget.value)} />}
        </Field>
        <Field label={t("unregistered.current")} fault={fault("currentType")}>
          {(id) => (
            <select id={id} class="input" value={current} onChange={(event) => setCurrent(event.currentTarget.value as "" | "AC" | "DC")}>
              <option value="">{t("state.notStated")}</option>
              <option value="DC">DC</option>
              <option value="AC">AC</option>
            </select>
          )}
        </Field>
        {problem === null ? null : <div class="notice bad" role="alert"><p><strong>{meaning(problem)}</strong> <span class="mono small">{problem.code}{problem.detail === null ? "" : ` · ${problem.detail}`}</span></p></div>}
        <div class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>{t("command.cancel")}</button>
          <button type="submit" class="button primary" disabled={incomplete || busy}>{t("unregistered.register")}</button>
        </div>
      </form>
    </Dialog>
  );
}

/** Chooses a station by a part of its name. */
function StationChoice({ value, onChoose }: { readonly value: string; readonly onChoose: (id: string) => void }): JSX.Element {
  const [text, setText] = useState("");
  const [q, setQ] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setQ(text.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const found = useResource<readonly Station[]>(`stations-${q}`, async (signal) => (await assets.get("/api/v1/stations", { query: { limit: OFFERED, ...(q === "" ? {} : { q }) }, signal })).items);
  const stations = found.value ?? [];
  useEffect(() => {
    if (found.value !== undefined && !found.value.some((station) => station.id === value)) onChoose(found.value[0]?.id ?? "");
  }, [found.value]);
  return (
    <>
      <Field label={t("unregistered.stationSearch")}>
        {(id) => <input id={id} class="input" type="search" value={text} maxLength={200} onInput={(event) => setText(event.currentTarget.value)} />}
      </Field>
      <Field label={t("unregistered.station")} fault={found.value?.length === 0 ? t("unregistered.stationNone") : undefined}>
        {(id) => (
          <select id={id} class="input" value={value} onChange={(event) => onChoose(event.currentTarget.value)} required>
            {stations.map((station) => <option key={station.id} value={station.id}>{station.name}</option>)}
          </select>
        )}
      </Field>
    </>
  );
}
