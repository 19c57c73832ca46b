//! The plans that PostgreSQL executed, as reported by `auto_explain`.

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use serde_json::Value;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use tokio_postgres::{AsyncMessage, NoTls};

/// A connection that records the plans of its statements.
pub struct Watched {
    pub connection: AsyncPgConnection,
    notices: Arc<Mutex<Vec<String>>>,
}

impl Watched {
    /// Opens a connection to the database at `url` that reports the plan of each statement.
    pub async fn open(url: &str) -> Self {
        let (client, mut socket) = tokio_postgres::connect(url, NoTls).await.unwrap();
        let notices = Arc::new(Mutex::new(Vec::new()));
        let received = Arc::clone(&notices);
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| socket.poll_message(context)).await {
                if let AsyncMessage::Notice(notice) = message {
                    received.lock().unwrap().push(notice.message().to_owned());
                }
            }
        });
        let mut connection = AsyncPgConnection::try_from(client).await.unwrap();
        connection
            .batch_execute(
                "load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_format = json;
                 set auto_explain.log_verbose = on; set auto_explain.log_level = notice;
                 set timezone = 'UTC'",
            )
            .await
            .unwrap();
        Self { connection, notices }
    }

    /// All plans so far; the same statement may occur with several plans.
    pub async fn plans(&mut self) -> Vec<Plan> {
        // The notices of earlier statements have arrived once this statement is answered.
        self.connection.batch_execute("begin; commit; select 1").await.unwrap();
        let notices = self.notices.lock().unwrap();
        let json = notices.iter().filter_map(|notice| notice.split_once("plan:\n")).map(|(_, json)| json);
        json.map(|json| Plan::read(&serde_json::from_str(json).unwrap())).collect()
    }
}

/// The parts of an executed plan that the tests check.
#[derive(Debug, Default, Clone)]
pub struct Plan {
    pub text: String,
    /// Scanned tables: table and alias.
    pub scans: BTreeSet<(String, String)>,
    /// Modified tables: operation and table.
    pub written: BTreeSet<(String, String)>,
    /// Indexes that decide conflicts of inserts.
    pub arbiters: BTreeSet<String>,
    /// Pairs of expressions that the conditions require to be equal.
    equalities: Vec<(String, String)>,
}

impl Plan {
    fn read(explained: &Value) -> Self {
        let text = explained["Query Text"].as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        let mut plan = Self { text, ..Self::default() };
        plan.walk(&explained["Plan"]);
        plan
    }

    fn walk(&mut self, node: &Value) {
        if let Some(relation) = node["Relation Name"].as_str() {
            let table = without_day(relation).to_owned();
            let word = |key: &str| node[key].as_str().unwrap().to_owned();
            if node["Node Type"] == "ModifyTable" {
                self.written.insert((word("Operation"), table));
            } else {
                self.scans.insert((table, word("Alias")));
            }
        }
        if node["Node Type"] == "Subquery Scan" {
            self.add_columns(node);
        }
        if node["Node Type"] == "CTE Scan" {
            self.add_columns_of_cte(node);
        }
        let arbiters = node["Conflict Arbiter Indexes"].as_array().into_iter().flatten();
        self.arbiters.extend(arbiters.filter_map(Value::as_str).map(str::to_owned));
        for (key, value) in node.as_object().into_iter().flatten() {
            if (key.ends_with("Cond") || key.ends_with("Filter")) && value.is_string() {
                self.add_equalities(value.as_str().unwrap());
            }
        }
        node["Plans"].as_array().into_iter().flatten().for_each(|child| self.walk(child));
    }

    /// A column of a subquery equals the column of the same name that the subquery reads.
    fn add_columns(&mut self, subquery: &Value) {
        let alias = subquery["Alias"].as_str().unwrap().to_owned();
        for read in subquery["Plans"][0]["Output"].as_array().into_iter().flatten().filter_map(Value::as_str)
        {
            if let Some((_, column)) = read.split_once('.') {
                self.equalities.push((format!("{alias}.{column}"), read.to_owned()));
            }
        }
    }

    /// The columns of a common table expression are the same wherever it is scanned.
    fn add_columns_of_cte(&mut self, scan: &Value) {
        let name = scan["CTE Name"].as_str().unwrap();
        for read in scan["Output"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if let Some((_, column)) = read.split_once('.') {
                self.equalities.push((read.to_owned(), format!("cte {name}.{column}")));
            }
        }
    }

    /// All parts of a conjunction must hold; parts with OR are skipped.
    fn add_equalities(&mut self, condition: &str) {
        for part in conjuncts(condition).into_iter().filter(|part| !part.contains(" OR ")) {
            self.add_equality(part);
        }
    }

    fn add_equality(&mut self, condition: &str) {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_.$".contains(c);
        let condition = condition.replace('"', "");
        let sides: Vec<&str> = condition.split(" = ").collect();
        for pair in sides.windows(2) {
            let left = pair[0].rsplit(|c| !is_name(c)).next().unwrap();
            let right = pair[1].trim_start_matches('(').split(|c| !is_name(c)).next().unwrap();
            // A constant, or one of several, is identified by its position only.
            let right = match right {
                "" | "ANY" => format!("value {}", self.equalities.len()),
                name => name.to_owned(),
            };
            self.equalities.push((left.to_owned(), right));
        }
    }

    /// All expressions that must equal `name`, including itself; `None` if there are none.
    pub fn equal_to(&self, name: &str) -> Option<BTreeSet<String>> {
        let mut class = BTreeSet::from([name.to_owned()]);
        loop {
            let half_known = |(a, b): &&(String, String)| class.contains(a) != class.contains(b);
            let Some((a, b)) = self.equalities.iter().find(half_known) else { break };
            class.extend([a.clone(), b.clone()]);
        }
        (class.len() > 1).then_some(class)
    }
}

/// The parts of a conjunction in parentheses, such as `((a = b) AND ((c = d) OR (e = f)))`.
fn conjuncts(condition: &str) -> Vec<&str> {
    let inner = condition.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(condition);
    let (mut depth, mut begin, mut parts) = (0, 0, Vec::new());
    for (place, c) in inner.char_indices() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if depth == 0 && inner[place..].starts_with(") AND (") {
            parts.push(&inner[begin..=place]);
            begin = place + ") AND ".len();
        }
    }
    // A condition of one part, whose outer parentheses are not around it.
    if parts.is_empty() {
        return vec![condition];
    }
    parts.push(&inner[begin..]);
    parts
}

/// The table that a daily partition belongs to.
fn without_day(relation: &str) -> &str {
    match relation.rsplit_once('_') {
        Some((table, day)) if day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()) => table,
        _ => relation,
    }
}
