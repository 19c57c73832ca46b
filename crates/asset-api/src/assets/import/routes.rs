//! The operations that import files.

use super::ImportError;
use super::report::Mode;
use super::report::Report;
use crate::http::error::ApiError;
use crate::http::scopes::write;
use actix_web::http::StatusCode;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::openapi::{Answer, Operation, Parameter};
use schemars::json_schema;
use serde_json::json;

pub fn set_up(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/stations/import", |on| {
            on.post(stations(), super::import::<storage::assets::stations::Entry>)
        })
        .resource("/api/v1/piles/import", |on| {
            on.post(piles(), super::import::<storage::assets::piles::Entry>)
        });
}

fn stations() -> Operation {
    let text = "Rows have the fields of a new station and optionally `id`: the station with this id is replaced, or created with it. \
                In CSV, `openingHours`, `facilities` and `startableStatuses` are JSON.";
    of_file(
        write(Reach::Operator, "importStations", "Stations", "Import stations from a file").describe(text),
    )
    .takes_file("text/csv", "id,name\n0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11,人民广场站\n")
    .takes_file("application/x-ndjson", "{\"name\":\"人民广场站\"}\n")
}

fn piles() -> Operation {
    let text = "Rows have the fields of a new pile and `stationId`: the pile with the charge point `chargePointId` is replaced, or \
                created. In CSV, `connectors` is JSON.";
    let csv = "stationId,chargePointId,model,ratedPowerKw,currentType\n\
               0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11,CP-3101-0007,DC-120,120,DC\n";
    let json = "{\"stationId\":\"0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11\",\"chargePointId\":\"CP-3101-0007\",\
                \"model\":\"DC-120\",\"ratedPowerKw\":120,\"currentType\":\"DC\"}\n";
    of_file(write(Reach::Operator, "importPiles", "Piles", "Import piles from a file").describe(text))
        .takes_file("text/csv", csv)
        .takes_file("application/x-ndjson", json)
}

/// Adds what both operations have in common.
fn of_file(operation: Operation) -> Operation {
    let example = json!({
        "dryRun": false, "mode": Mode::Atomic.as_str(), "applied": false, "issuedBy": "back-office", "importId": null, "rows": 2, "created": 1, "updated": 0,
        "unchanged": 0, "failed": 1, "errors": [{ "line": 3, "field": "name", "message": "is required" }],
        "errorsLeftOut": 0,
    });
    let lines = "{\"progress\":{\"phase\":\"writing\",\"rows\":12500,\"bytes\":1350012}}\n\
                 {\"report\":{\"dryRun\":false,\"mode\":\"atomic\",\"applied\":true,\
                 \"issuedBy\":\"back-office\",\"importId\":\"0192f0d2-55aa-7c01-9d2e-4f5a6b7c8d9e\",\"rows\":20000,\"created\":20000,\
                 \"updated\":0,\"unchanged\":0,\"failed\":0,\"errors\":[],\"errorsLeftOut\":0}}\n";
    let about = "The report of the import, also when rows were invalid and nothing was written; or, for clients that accept \
                 `application/x-ndjson`, lines of progress with the report as the last line";
    let modes = json_schema!({ "enum": Mode::ALL.map(Mode::as_str) });
    operation
        .with([
            Parameter::query::<bool>("dryRun", "`true`: reports the outcome and writes nothing; `false` when absent."),
            Parameter::query::<String>(
                "mode",
                "`atomic`: writes all rows, or none if one is invalid; `best-effort`: writes the valid rows. `atomic` when absent.",
            )
            .like(modes),
            Parameter::query::<String>(
                "charset",
                "The charset of a CSV file. When absent, that of the content type; without one, it is detected: UTF-8, UTF-16 with \
                 a byte order mark, or GB18030.",
            )
            .like(json_schema!({ "enum": ["utf-8", "gbk", "gb18030", "big5", "utf-16le", "utf-16be"] })),
        ])
        .answers(
            Answer::json::<Report>(StatusCode::OK, about, example).or_text("application/x-ndjson", lines),
        )
        .refuses([ApiError::from(ImportError::TooMany)])
}
