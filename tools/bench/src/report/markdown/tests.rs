//! The whole report, rendered.

use crate::report::sample::sample;

#[test]
#[expect(clippy::too_many_lines, reason = "the report is long")]
fn renders_a_report() {
    let mut report = sample();
    report.judge();
    insta::assert_snapshot!(report.markdown(), @r##"
    # Benchmark report

    ## Conditions

    |  |  |
    |---|---|
    | date | 2026-11-23 10:00 UTC |
    | commit, build | 0123456789ab, release |
    | processor | 2 × Some CPU |
    | memory, kernel | 8 GB, Linux 6.1.0 |
    | load before (1, 5, 15 min) | 0.01 0.02 0.03 |
    | PostgreSQL | version 15.18, fsync on |
    | Kafka | 4.4.0, heap 512m, one broker, acks=all without fsync |
    | ingestors, partitions | 1, 16 |
    | on the same cores | ingestors, PostgreSQL, Kafka, Redis, the load generator, the measurement |

    ## Targets

    | what | target | measured |  |
    |---|---|---|---|
    | P95 at 600/s | ≤ 50 ms | 12.5 ms | met |
    | P95 at 6,000/s | ≤ 100 ms | 130.0 ms | **not met** |
    | P95 at 22,500/s (highest sustained) | ≤ 500 ms | 210.0 ms | met |
    | highest sustained rate | ≥ 20,000/s | 22,500/s | met |
    | … of the floor | ≥ 30 % | 50 % | met |
    | … of one transaction per event, 1 connection | ≥ 20 × | 32.1 × | met |
    | … of one transaction per event, 12 connections | ≥ 20 × | 7.5 × | **not met** |
    | memory of an ingestor at that rate | < 200 MB | 31 MB | met |
    | CPU of ingestor and PostgreSQL per event, from 1,000 to 100,000 charge points | within 20 % | +9.1 % (110 → 120 µs) | met |
    | caught up after the crash of one of 2 ingestors | ≤ 13 s | 12.3 s | met |
    | P99 of POST → 202 at 500 commands/s | ≤ 25 ms | 24.0 ms | met |
    | P50 of POST → 202 at 50 commands/s, relative to the floor | ≤ 1.5 × | 1.4 × (2.5 → 3.5 ms) | met |
    | P99 of POST → 202 at 50 commands/s, relative to the floor | ≤ 5 × | 1.25 × (6.0 → 7.5 ms) | met |
    | CPU per command at 50 commands/s, relative to the floor | ≤ 1.5 × | 1.25 × (800 → 1000 µs) | met |
    | P50 of POST → 202 at 500 commands/s, relative to the floor | ≤ 1.5 × | 1.6 × (2.5 → 4.0 ms) | **not met** |
    | P99 of POST → 202 at 500 commands/s, relative to the floor | ≤ 5 × | 3 × (8.0 → 24.0 ms) | met |
    | CPU per command at 500 commands/s, relative to the floor | ≤ 1.5 × | 1.25 × (800 → 1000 µs) | met |
    | highest sustained rate of commands | ≥ 2,000/s | 2,250/s | met |
    | highest sustained rate of commands, of the floor | ≥ 70 % | 75 % (2,250/s of 3,000/s) | met |
    | P99 of GET a pile at 2,000/s | ≤ 20 ms | 4.0 ms | met |
    | P99 of GET a page of 50 stations at 2,000/s | ≤ 20 ms | 500/s at most; 15.0 ms at 250/s | **not met** |
    | throughput of GET a pile, of the floor | ≥ 50 % | 50 % (10,000 of 20,000/s) | met |
    | a page deep in the list of stations, relative to page 1 | ≤ 1.3 × | 1.1 × | met |
    | a page deep in the list of stations nearby, relative to page 1 | ≤ 1.3 × | 2 × | **not met** |
    | P95 from a pod killed to its devices doubtful | ≤ 30 s | 20.1 s | met |
    | … offline or found elsewhere | ≤ 90 s | 55.5 s | met |
    | … P95 of the events of other devices meanwhile | ≤ +20 % | +30 % (10.0 → 13.0 ms) | **not met** |
    | P95 from the first event of a moved device to a command for its new pod | ≤ 2000 ms | 620 ms | met |
    | sessions that one stop ended at their maxEnergyWh | = 200 of 200 | 200 of 200 | met |
    | sessions that one stop ended at their maxDurationS | = 100 of 100 | 99 of 100 | **not met** |

    ![Latency by rate](latency.svg)

    ## From appended to visible, in ms

    |  | events/s | events | P50 | P95 | P99 | max | backlog | sustained | events per batch |
    |---|---|---|---|---|---|---|---|---|---|
    |  | 600 | 36,000 | 8.0 | 12.5 | 19.0 | 41.0 | 10 → 12 | yes | 3 |
    |  | 6,000 | 360,000 | 15.0 | 130.0 | 180.0 | 240.0 | 10 → 12 | yes | 30 |
    | highest sustained | 22,500 | 1,350,000 | 90.0 | 210.0 | 350.0 | 700.0 | 10 → 12 | yes | 112 |
    | search | 10,000 | 600,000 | 20.0 | 60.0 | 80.0 | 120.0 | 10 → 12 | yes | 50 |
    | search | 30,000 | 1,800,000 | 2000.0 | 4000.0 | 4500.0 | 5000.0 | 9,000 → 60,000 | **no**: backlog grew by 7,100/s | 150 |

    Over 100,000 charge points. Every event counts. The database is polled every 4.2 ms, which is included in the figures.

    ## What each process used

    | events/s | process | cores | CPU µs per event | peak memory, MB |
    |---|---|---|---|---|
    | 600 | event-ingestor | 0.10 | 160.0 | 31 |
    | 600 | postgres | 0.14 | 240.0 | 350 |
    | 600 | kafka | 0.07 | 120.0 | 500 |
    | 6,000 | event-ingestor | 0.29 | 48.0 | 31 |
    | 6,000 | postgres | 0.43 | 72.0 | 350 |
    | 6,000 | kafka | 0.22 | 36.0 | 500 |
    | 22,500 | event-ingestor | 0.63 | 28.0 | 31 |
    | 22,500 | postgres | 0.94 | 42.0 | 350 |
    | 22,500 | kafka | 0.47 | 21.0 | 500 |

    ## The load alone, at 600/s

    | process | CPU µs per event | of the three |
    |---|---|---|
    | event-ingestor, postgres and kafka | 520.0 | 100.0 % |
    | kafka | 120.0 | 23.1 % |
    | kafka without an ingestor: the gateways' own requests | 90.0 | 17.3 % |

    The last row is of 12,000 events in 20 s, which the simulated gateways published as before, while no ingestor ran.

    ## Cost by the size of the fleet, at 6,000/s

    | charge points | ingestor, CPU µs per event | PostgreSQL | both | Kafka |
    |---|---|---|---|---|
    | 1,000 | 44.0 | 66.0 | 110.0 | 33.0 |
    | 10,000 | 46.0 | 69.0 | 115.0 | 34.5 |
    | 100,000 | 48.0 | 72.0 | 120.0 | 36.0 |

    ## The floor: the same statements without anything else

    |  | connections | events/s |
    |---|---|---|
    | COPY of the same rows | 12 | 90,000 |
    | in batches of 112 | 12 | 45,000 |
    | one transaction per event | 1 | 700 |
    | one transaction per event | 12 | 3,000 |

    In batches: 63,000 rows/s, 1.40 rows per event; folding took 1.2 % of the connections' time.

    ## Commands, in ms

    | commands/s |  | P50 | P95 | P99 | max | P50 relative to the floor | sustained |
    |---|---|---|---|---|---|---|---|
    | 50 | the floor | 2.5 | 4.0 | 6.0 | 9.0 |  | yes |
    | 50 | a request, a look-up, the floor | 2.5 | 4.0 | 6.0 | 9.0 | 1.00 × | yes |
    | 50 | POST → 202 | 3.5 | 5.2 | 7.5 | 17.0 | 1.40 × | yes |
    | 50 | POST → record read | 2.8 | 3.8 | 6.3 | 15.8 |  |  |
    | 500 | the floor | 2.5 | 5.0 | 8.0 | 12.0 |  | yes |
    | 500 | a request, a look-up, the floor | 2.5 | 5.0 | 8.0 | 12.0 | 1.00 × | yes |
    | 500 | POST → 202 | 4.0 | 9.0 | 24.0 | 40.0 | 1.60 × | yes |
    | 500 | POST → record read | 3.2 | 7.0 | 20.0 | 38.0 |  |  |
    | 2,250 | the floor | 3.0 | 9.0 | 15.0 | 30.0 |  | yes |
    | 2,250 | a request, a look-up, the floor | 3.0 | 9.0 | 15.0 | 30.0 | 1.00 × | yes |
    | 2,250 | POST → 202 | 12.0 | 60.0 | 90.0 | 150.0 | 4.00 × | yes |
    | 2,250 | POST → record read | 10.0 | 55.0 | 85.0 | 140.0 |  |  |

    From when the command was due, however long earlier responses took; 10,000 piles, 8 partitions. The floor is one look-up in Redis, one INSERT and one record with `acks=all`, one after the other, on the same machine: at the highest rate right before, otherwise in 8 rounds of all, whose percentiles are together. *A request, a look-up, the floor* is what any service needs that checks a command before it records it: a POST that is refused for its body, the pile's row by its key, and then the floor.

    At 2,250/s, commands, the load generator itself was late, by 2.5 ms at P99 and 20.0 ms at most; the latencies include that.

    ## The highest rate of commands

    |  | requested, /s | answered, /s | P50 | P99 | sustained |
    |---|---|---|---|---|---|
    | commands, confirmed | 2,250 | 2,250 | 12.0 | 90.0 | yes |
    | commands | 3,000 | 3,000 | 900.0 | 1950.0 | **no**: 12 of 45,000 failed: 503 DATABASE_UNAVAILABLE |
    | the floor | 3,000 | 3,000 | 4.0 | 30.0 | yes |

    The floor sustains 3,000/s.

    ## CPU µs per command

    | commands/s | the floor | a request, a look-up, the floor | relative to the floor | commands | relative to the floor |
    |---|---|---|---|---|---|
    | 50 | 800 | 1800 | 2.25 × | 1000 | 1.25 × |
    | 500 | 800 | 1800 | 2.25 × | 1000 | 1.25 × |
    | 2,250 | 800 | 1800 | 2.25 × | 1000 | 1.25 × |

    The floor: PostgreSQL, Kafka, Redis and the load generator, which is the floor itself. Commands: the same servers, command-dispatcher and event-ingestor, which relays the changes of commands.

    ## What each process used for commands

    | commands/s | process | cores | CPU µs per command | peak memory, MB |
    |---|---|---|---|---|
    | 50 | command-dispatcher | 0.05 | 1000.0 | 22 |
    | 50, a request, a look-up, the floor | command-dispatcher | 0.05 | 1000.0 | 22 |
    | 50, a request, a look-up, the floor | load generator | 0.04 | 800.0 |  |
    | 50, the floor | command-dispatcher | 0.05 | 1000.0 | 22 |
    | 50, the floor | load generator | 0.04 | 800.0 |  |
    | 500 | command-dispatcher | 0.50 | 1000.0 | 22 |
    | 500, a request, a look-up, the floor | command-dispatcher | 0.50 | 1000.0 | 22 |
    | 500, a request, a look-up, the floor | load generator | 0.40 | 800.0 |  |
    | 500, the floor | command-dispatcher | 0.50 | 1000.0 | 22 |
    | 500, the floor | load generator | 0.40 | 800.0 |  |
    | 2,250 | command-dispatcher | 2.25 | 1000.0 | 22 |
    | 2,250, a request, a look-up, the floor | command-dispatcher | 2.25 | 1000.0 | 22 |
    | 2,250, a request, a look-up, the floor | load generator | 1.80 | 800.0 |  |
    | 2,250, the floor | command-dispatcher | 2.25 | 1000.0 | 22 |
    | 2,250, the floor | load generator | 1.80 | 800.0 |  |

    ## Reads: the highest throughput with 32 clients

    | GET | statements | round trips | the floor, /s | asset-api, /s | of the floor | P50 | P99 |
    |---|---|---|---|---|---|---|---|
    | a pile | 3 | 1 | 20,000 | 10,000 | 50 % | 3.0 | 9.0 |
    | a page of 50 stations | 3 | 1 | 600 | 500 | 83.3 % | 3.0 | 9.0 |

    10,000 stations, 100,000 piles. The floor is pgbench with the statements that asset-api was recorded to send for the same requests, over as many connections to PostgreSQL (8), in the same run right before.

    ## Reads at a rate, in ms from when each was due

    | GET |  | requested, /s | answered, /s | P50 | P95 | P99 | max | sustained |
    |---|---|---|---|---|---|---|---|---|
    | a pile | the floor | 2,000 | 2,000 | 0.2 | 0.5 | 1.1 | 8.0 |  |
    | a pile | asset-api | 2,000 | 2,000 | 0.9 | 2.5 | 4.0 | 22.0 | yes |
    | a page of 50 stations | the floor | 250 | 250 | 0.2 | 0.5 | 1.1 | 8.0 |  |
    | a page of 50 stations | asset-api | 250 | 250 | 0.9 | 2.5 | 15.0 | 22.0 | yes |

    ## Pages deep in a list: the median, in ms

    | list | items | page 1 | at 10 % | at 50 % | at 99 % | slowest relative to page 1 |
    |---|---|---|---|---|---|---|
    | stations | 10,000 | 2.00 | 2.10 | 1.90 | 2.20 | 1.1 × |
    | stations nearby | 1,300 | 2.00 | 2.10 | 3.00 | 4.00 | 2 × |

    ## What each process used for reads

    | GET | process | cores | CPU µs per request | peak memory, MB |
    |---|---|---|---|---|
    | a pile, 2,000/s | command-dispatcher | 2.00 | 1000.0 | 22 |
    | a page of 50 stations, 250/s | command-dispatcher | 0.25 | 1000.0 | 22 |

    ## Time to truth after a pod is killed, in s

    | from the kill to | devices | P50 | P95 | max |
    |---|---|---|---|---|
    | doubtful | 10,000 of 10,000 | 19.5 | 20.1 | 20.6 |
    | offline or found elsewhere | 9,999 of 10,000 | 40.0 | 55.5 | not reached |

    The devices send statuses one after the other before the kill. 2,000 of the 10,000 come back through another pod, half of them without a boot. A snapshot is taken every 500 ms, which is included in the figures.

    ## Devices of the killed pod, by second

    | second | online at the killed pod | doubtful | offline | found elsewhere | offline, although back elsewhere |
    |---|---|---|---|---|---|
    | 0 | 10,000 | 0 | 0 | 0 | 0 |
    | 10 | 10,000 | 0 | 0 | 0 | 0 |
    | 20 | 0 | 9,000 | 0 | 1,000 | 0 |
    | 30 | 0 | 9,000 | 0 | 1,000 | 0 |
    | 58 (end) | 0 | 0 | 8,000 | 1,999 | 1 |

    ## Other devices and moved devices, in ms

    |  | devices | P50 | P95 | P99 | max |
    |---|---|---|---|---|---|
    | events of other devices, before the kill | 10,000 at 600/s | 5.0 | 10.0 | 20.0 | 40.0 |
    | events of other devices, after the kill | 10,000 at 600/s | 6.0 | 13.0 | 30.0 | 90.0 |
    | first event of a moved device → command for its new pod | 50 of 50 | 550.0 | 620.0 | 700.0 | 710.0 |

    ## Events of other devices by second after the kill, in ms, and cores that each process uses

    | from second | P50 | P95 | max | event-ingestor | postgres |
    |---|---|---|---|---|---|
    | -5 | 5.0 | 10.0 | 40.0 | 0.12 | 0.18 |
    | 0 | 5.0 | 13.0 | 40.0 | 0.20 | 0.30 |

    ## Overshoot of limits of sessions

    | limit | sessions | stops per session |  | P50 | P95 | max |
    |---|---|---|---|---|---|---|
    | maxEnergyWh | 200 | 1 | overshoot, Wh | 250 | 421 | 460 |
    | maxEnergyWh | 200 | 1 | overshoot, seconds of its power | 7.5 | 12.6 | 13.8 |
    | maxEnergyWh | 200 | 1 | from reached until ended, s | 2.4 | 3.6 | 4.1 |
    | maxDurationS | 100 | **1 to 2** | from reached until ended, s | 1.3 | 2.3 | 2.6 |

    Devices of 120 kW, with a reading every 10 s, while 10,000 other devices send 600 events/s (599 were sent). A limit of energy is reached at the time of the first reading that shows it.

    Sessions that were not stopped once at their limit:

    - the session of LS-1: 2 stops were recorded

    ## Cells in one database

    | cells | events | seconds | events/s together | of the floor |
    |---|---|---|---|---|
    | 1 | 300,000 | 10.0 | 30,000 | 67 % |
    | 2 | 300,000 | 10.0 | 31,500 | 70 % |

    Each cell is a schema with 20,000 charge points and one ingestor; a backlog is written as fast as possible.

    ## The disk, in ms

    |  | P50 | P95 | P99 | max |
    |---|---|---|---|---|
    | commits with minimal content, one after the other | 0.9 | 1.4 | 2.2 | 6.0 |

    ## Takeover

    One of 2 ingestors killed at 6,000/s: every partition owned again after 10.8 s, everything caught up after 12.3 s (lease 10 s).
    "##);
}

#[test]
fn marks_meaningless_figures() {
    let mut report = sample();
    (report.mode, report.conditions.profile, report.complete) = ("quick", "debug", false);
    report.judge();
    let text = report.markdown();
    assert_eq!(text.matches("are meaningless").count(), 2);
    assert!(text.contains("Incomplete"));
}
