// 中文文案，每组页面一个文件。

import { assets } from "./zh/assets.ts";
import { audit } from "./zh/audit.ts";
import { commands } from "./zh/commands.ts";
import { exports } from "./zh/exports.ts";
import { fleet } from "./zh/fleet.ts";
import { frame } from "./zh/frame.ts";
import { issues } from "./zh/issues.ts";
import { names } from "./zh/names.ts";
import { operations } from "./zh/operations.ts";
import { pile } from "./zh/pile.ts";
import { problems } from "./zh/problems.ts";
import { reliability } from "./zh/reliability.ts";
import { revenue } from "./zh/revenue.ts";
import { sessions } from "./zh/sessions.ts";
import { station } from "./zh/station.ts";
import { tariffs } from "./zh/tariffs.ts";
import type { Words } from "./en.ts";

export const zh: Words = {
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
};
