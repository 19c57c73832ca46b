//! The platform with the data of two operators, and three callers.

use crate::client::{Call, Response};
use crate::side::Side;
use chrono::Days;
use dev_issuer::Issuer;
use reqwest::{Client, Method};
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use system_tests::Platform;

/// The platform, the operator of the bound caller, and another operator.
pub struct World {
    pub platform: Platform,
    pub own: Side,
    pub other: Side,
    /// The token of a caller without a bound.
    pub all: String,
    /// The token of a caller that is bound to the operator [`own`](Self::own).
    pub bound: String,
    /// The token of a caller that is bound to both operators.
    pub both: String,
    /// The token of a caller that is bound to no operator.
    pub unassigned: String,
    client: Client,
    assets: SocketAddr,
    commands: SocketAddr,
}

/// Prices are asked for times before the test.
const BACKDATED: &str = "
    alter table tariff_versions disable trigger user;
    update tariff_versions set effective_from = now() - interval '30 days' where published_at is not null;
    alter table tariff_versions enable trigger user;
    update tariff_bindings set effective_from = now() - interval '30 days'";

impl World {
    pub async fn new() -> Self {
        let platform = Platform::start(|_| {}).await;
        let issuer = Issuer::generate().unwrap();
        let [assets, commands] = platform.ask_for_tokens(&testkit::jwks_file(&issuer)).await;
        let scopes = scopes();
        let sign = |claims: &Value| issuer.sign(claims).unwrap();
        let mut world = Self {
            all: sign(&Issuer::claims("administrator", &scopes)),
            bound: String::new(),
            both: String::new(),
            unassigned: sign(&Issuer::claims_of("unassigned", &scopes, &[])),
            client: Client::new(),
            own: Side::empty(),
            other: Side::empty(),
            platform,
            assets,
            commands,
        };
        world.create_days().await;
        world.own = Side::create(&world, "own").await;
        world.other = Side::create(&world, "other").await;
        world.platform.database.execute(BACKDATED).await;
        let operators = [world.own.get("operator"), world.other.get("operator")];
        world.both = sign(&Issuer::claims_of("both", &scopes, &operators));
        world.bound = sign(&Issuer::claims_of("caller", &scopes, &[world.own.get("operator")]));
        world
    }

    /// Creates the partitions of samples and histories for today and yesterday.
    async fn create_days(&self) {
        let mut connection = self.platform.database.pool.connection().await.unwrap();
        let today = runtime::clock::now().date_naive();
        for day in [today - Days::new(1), today, today + Days::new(1)] {
            storage::devices::meter_samples::DAYS.ensure(&mut connection, day).await.unwrap();
            storage::devices::status_changes::DAYS.ensure(&mut connection, day).await.unwrap();
        }
    }

    /// The responses to `call` on behalf of the owner of `token`: one, or each page of a list.
    pub async fn send(&self, token: &str, call: &Call) -> Vec<Response> {
        let mut responses = vec![self.send_one(token, call, call.method.clone()).await];
        while let Some(cursor) = responses.last().and_then(next_cursor).filter(|_| responses.len() < 100) {
            let separator = if call.path.contains('?') { '&' } else { '?' };
            let next = Call { path: format!("{}{separator}cursor={cursor}", call.path), ..call.clone() };
            responses.push(self.send_one(token, &next, call.method.clone()).await);
        }
        responses
    }

    /// The response to the same call with HEAD.
    pub async fn head(&self, token: &str, call: &Call) -> Response {
        self.send_one(token, call, Method::HEAD).await
    }

    /// A response that is read while it is sent.
    pub async fn stream(&self, token: &str, call: &Call) -> reqwest::Response {
        call.request(&self.client, &self.root(call), Method::GET, token).send().await.unwrap()
    }

    async fn send_one(&self, token: &str, call: &Call, method: Method) -> Response {
        Response::of(call.request(&self.client, &self.root(call), method, token)).await
    }

    fn root(&self, call: &Call) -> String {
        format!("http://{}", if call.is_command() { self.commands } else { self.assets })
    }

    /// All rows that belong to an operator; of commands, whose outcomes follow, the ids.
    pub async fn rows_of(&self, side: &Side) -> Value {
        let sql = ROWS_OF.replace("{operator}", side.get("operator"));
        self.platform.database.json(&sql).await
    }
}

const ROWS_OF: &str = "
    with own as (select id from stations where operator_id = '{operator}'),
         piled as (select piles.id, charge_point_id from piles join own on own.id = station_id),
         priced as (select id from tariffs where operator_id = '{operator}')
    select jsonb_build_object(
        'stations', (select jsonb_agg(to_jsonb(row) order by id) from stations row where id in (select id from own)),
        'piles', (select jsonb_agg(to_jsonb(row) order by id) from piles row where id in (select id from piled)),
        'tariffs', (select jsonb_agg(to_jsonb(row) order by id) from tariffs row where id in (select id from priced)),
        'versions', (select jsonb_agg(to_jsonb(row) order by tariff_id, number) from tariff_versions row
                     where tariff_id in (select id from priced)),
        'bindings', (select jsonb_agg(to_jsonb(row) order by id) from tariff_bindings row
                     where tariff_id in (select id from priced) or station_id in (select id from own)),
        'exclusions', (select jsonb_agg(to_jsonb(row) order by id) from reliability_exclusions row
                       where operator_id = '{operator}'),
        'days', (select jsonb_agg(to_jsonb(row) order by charge_point_id, connector_id, began_at) from reliability_days row
                 where operator_id = '{operator}'),
        'sessions', (select jsonb_agg(to_jsonb(row) order by id) from sessions row where operator_id = '{operator}'),
        'issues', (select jsonb_agg(to_jsonb(row) order by id) from issues row where operator_id = '{operator}'),
        'windows', (select jsonb_agg(to_jsonb(row) order by id) from maintenance_windows row
                    where station_id in (select id from own)),
        'edits', (select count(*) from asset_edits
                  where asset_id in (select id from own union all select id from piled union all select id from priced)),
        'commands', (select jsonb_agg(id order by id) from commands where pile_id in (select id from piled)),
        'batches', (select jsonb_agg(id order by id) from command_batches
                    where station_id in (select id from own)))";

fn next_cursor(response: &Response) -> Option<String> {
    response.json()["nextCursor"].as_str().map(str::to_owned)
}

/// All scopes that both services know.
fn scopes() -> String {
    // Not the scope of an operation: it shows the tokens of drivers.
    let mut all = BTreeSet::from(["drivers:read".to_owned()]);
    for document in [asset_api::openapi(), command_dispatcher::openapi()] {
        for methods in document["paths"].as_object().unwrap().values() {
            for operation in methods.as_object().unwrap().values() {
                let scope = operation["security"][0]["bearer"][0].as_str().unwrap();
                all.insert(scope.to_owned());
            }
        }
    }
    all.into_iter().collect::<Vec<_>>().join(" ")
}
