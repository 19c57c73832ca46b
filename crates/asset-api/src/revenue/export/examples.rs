//! Exports of sums, for the OpenAPI document.

/// An export as CSV, for the OpenAPI document.
pub const CSV_EXAMPLE: &str = "startsOn,operatorId,stationId,sessions,energyWh,revenue.currency,revenue.bands.sharp.energyWh,\
revenue.bands.sharp.electricity.amount,revenue.bands.sharp.service.amount,revenue.bands.peak.energyWh,\
revenue.bands.peak.electricity.amount,revenue.bands.peak.service.amount,revenue.bands.flat.energyWh,\
revenue.bands.flat.electricity.amount,revenue.bands.flat.service.amount,revenue.bands.valley.energyWh,\
revenue.bands.valley.electricity.amount,revenue.bands.valley.service.amount,revenue.electricity.amount,\
revenue.service.amount,revenue.sessionFee.amount,revenue.chargingTime.amount,revenue.occupancy.amount,\
revenue.total.amount,revenue.tax.amount,revenue.totalWithTax.amount,exportOutcome,nextCursor\r\n\
2026-03-01,op-7,,12,264000.0,CNY,0.0,0.00,0.00,60000.0,65.95,48.00,180000.0,127.00,144.00,24000.0,7.40,19.20,200.35,\
211.20,12.00,0.00,6.50,430.05,0.00,430.05,,\r\n\
,,,,,,,,,,,,,,,,,,,,,,,,,,complete,\r\n";

/// An export as NDJSON, for the OpenAPI document.
pub const NDJSON_EXAMPLE: &str = concat!(
    r#"{"period":{"startsOn":"2026-03-01","operatorId":"op-7","stationId":null,"sessions":12,"energyWh":264000.0,"#,
    r#""revenue":{"currency":"CNY","bands":{"#,
    r#""sharp":{"energyWh":0.0,"electricity":{"amount":"0.00","currency":"CNY"},"service":{"amount":"0.00","currency":"CNY"}},"#,
    r#""peak":{"energyWh":60000.0,"electricity":{"amount":"65.95","currency":"CNY"},"service":{"amount":"48.00","currency":"CNY"}},"#,
    r#""flat":{"energyWh":180000.0,"electricity":{"amount":"127.00","currency":"CNY"},"service":{"amount":"144.00","currency":"CNY"}},"#,
    r#""valley":{"energyWh":24000.0,"electricity":{"amount":"7.40","currency":"CNY"},"service":{"amount":"19.20","currency":"CNY"}}},"#,
    r#""electricity":{"amount":"200.35","currency":"CNY"},"service":{"amount":"211.20","currency":"CNY"},"#,
    r#""sessionFee":{"amount":"12.00","currency":"CNY"},"chargingTime":{"amount":"0.00","currency":"CNY"},"#,
    r#""occupancy":{"amount":"6.50","currency":"CNY"},"total":{"amount":"430.05","currency":"CNY"},"#,
    r#""tax":{"amount":"0.00","currency":"CNY"},"totalWithTax":{"amount":"430.05","currency":"CNY"}}}}"#,
    "\n",
    r#"{"end":{"outcome":"complete","rows":1,"nextCursor":null}}"#,
    "\n"
);
