// The texts of the pages of tariffs, which are loaded with them.

import { texts } from "../i18n/language.ts";
import { en } from "./words-en.ts";
import { zh } from "./words-zh.ts";

/** The text of a key, with its placeholders filled. */
export const w = texts(en, zh);
