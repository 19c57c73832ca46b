// English texts, a file for each group of pages. Keys that end in a name of the API are looked up by that name.

import { assets } from "./en/assets.ts";
import { audit } from "./en/audit.ts";
import { commands } from "./en/commands.ts";
import { exports } from "./en/exports.ts";
import { fleet } from "./en/fleet.ts";
import { frame } from "./en/frame.ts";
import { issues } from "./en/issues.ts";
import { names } from "./en/names.ts";
import { operations } from "./en/operations.ts";
import { pile } from "./en/pile.ts";
import { problems } from "./en/problems.ts";
import { reliability } from "./en/reliability.ts";
import { revenue } from "./en/revenue.ts";
import { sessions } from "./en/sessions.ts";
import { station } from "./en/station.ts";
import { tariffs } from "./en/tariffs.ts";

export const en = {
  ...frame,
  ...names,
  ...fleet,
  ...issues,
  ...station,
  ...pile,
  ...assets,
  ...sessions,
  ...reliability,
  ...revenue,
  ...commands,
  ...tariffs,
  ...exports,
  ...operations,
  ...audit,
  ...problems,
} as const;

export type Words = { readonly [word in keyof typeof en]: string };
