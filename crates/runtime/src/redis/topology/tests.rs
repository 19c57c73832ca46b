use super::*;

fn asked() -> Server {
    Server::new("10.0.0.9", 7000)
}

fn range(first: i64, last: i64, host: Value, port: i64) -> Value {
    let node = vec![host, port.into(), "id".into(), Value::Array(Vec::new())];
    Value::Array(vec![first.into(), last.into(), Value::Array(node)])
}

#[test]
fn a_key_belongs_to_the_node_of_its_slot() {
    let answer = Value::Array(vec![
        range(0, 8_191, "10.0.0.1".into(), 7001),
        range(8_192, 16_000, Value::Null, 7002),
        range(16_001, 16_383, "".into(), 7003),
    ]);
    let topology = Topology::of_cluster(answer, &asked()).unwrap();
    let ports: Vec<_> = topology.servers().into_iter().map(|server| (&*server.host, server.port)).collect();
    assert_eq!(ports, [("10.0.0.1", 7001), ("10.0.0.9", 7002), ("10.0.0.9", 7003)]);
    // Slots as Redis computes them: 12182, 5061 and, from the part in braces, 12182 again.
    assert_eq!(topology.owner("foo").unwrap().port, 7002);
    assert_eq!(topology.owner("bar").unwrap().port, 7001);
    assert_eq!(topology.owner("bar{foo}").unwrap().port, 7002);
}

#[test]
fn unassigned_slots_have_no_owner() {
    let topology = Topology::of_cluster(Value::Array(vec![range(0, 100, "a".into(), 1)]), &asked());
    assert_eq!(topology.unwrap().owner("foo"), None);
    assert_eq!(Topology::of_cluster(Value::Array(Vec::new()), &asked()), None);
    assert_eq!(Topology::of_cluster(Value::Null, &asked()), None);
    assert_eq!(Topology::of_cluster(Value::Array(vec![range(0, 100_000, "a".into(), 1)]), &asked()), None);
}

#[test]
fn parses_redirections() {
    let parse = |text: &'static str| Redirect::parse(&Error::new(ErrorKind::Cluster, text), &asked());
    let redirect = |host: &str, asking| Some(Redirect { server: Server::new(host, 6381), asking });
    assert_eq!(parse("MOVED 3999 127.0.0.1:6381"), redirect("127.0.0.1", false));
    assert_eq!(parse("ASK 3999 ::1:6381"), redirect("::1", true));
    assert_eq!(parse("MOVED 3999 :6381"), redirect("10.0.0.9", false));
    assert_eq!(parse("MOVED 3999 ?:6381"), None);
    assert_eq!(parse("MOVED 3999 127.0.0.1:none"), None);
    assert_eq!(parse("CLUSTERDOWN Hash slot not served"), None);
    let other = Error::new(ErrorKind::Unknown, "MOVED 3999 127.0.0.1:6381");
    assert_eq!(Redirect::parse(&other, &asked()), None);
}
