// English texts of exports.

export const exports = {
  "export.csv": "Export CSV",
  "export.ndjson": "Export NDJSON",
  "export.stop": "Stop the export",
  "export.progress": "Progress of the export",
  "export.rows": "{n} rows so far",
  "export.rowsOf": "{n} of about {of} rows",
  "export.done": "Exported rows: {n}",
  "export.failed": "The export failed: {why}",
} as const;
