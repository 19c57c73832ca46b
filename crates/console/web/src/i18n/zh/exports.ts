// 导出的中文文案。

import type { exports as Words } from "../en/exports.ts";

export const exports: { readonly [word in keyof typeof Words]: string } = {
  "export.csv": "导出 CSV",
  "export.ndjson": "导出 NDJSON",
  "export.stop": "停止导出",
  "export.progress": "导出进度",
  "export.rows": "已导出 {n} 行",
  "export.rowsOf": "约 {of} 行中的 {n} 行",
  "export.done": "已导出行数：{n}",
  "export.failed": "导出失败：{why}",
};
