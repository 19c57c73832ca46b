//! Every change of the feed survives protobuf and its stored JSON.

use crate::generate::{amount, charge_point_id, connector_id, gateway_id, text, time, transaction_id, uuid};
use crate::issue::issue;
use domain::assets::Placement;
use domain::commands::{CommandState, EffectKind, RouteSource};
use domain::devices::presence::Confidence;
use domain::feed::{
    AssetAction, BindingAction, CommandAnswered, CommandChanged, CommandReachedStatus, CommandTookEffect,
    ConnectivityChanged, ConnectorStatusChanged, FeedChange, FeedKind, FeedSubject, PileChanged,
    PricesChanged, ReceiptIssued, SessionChanged, SessionMeter, SessionMetered, SessionPhase, SessionSettled,
    StationChanged, TariffAction, TariffBindingChanged, TariffChanged,
};
use domain::ids::{Actor, BindingId, CommandId, IdTag, IssueId, PileId, SessionId, StationId, TariffId};
use domain::sessions::session::StartedBy;
use domain::status::ConnectorStatus;
use domain::tariffs::{Currency, Money, Subject, UnpricedCode};
use domain::text::Label;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use wire::feed::{decode_change, encode_change};

proptest! {
    #[test]
    fn a_change_survives_protobuf_and_json(change in change()) {
        prop_assert_eq!(decode_change(&encode_change(&change)), Ok(change.clone()));
        let json = serde_json::to_string(&change).unwrap();
        prop_assert_eq!(serde_json::from_str::<FeedChange>(&json).unwrap(), change);
    }

    #[test]
    fn decoding_a_change_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(decode_change(&bytes));
    }
}

fn change() -> impl Strategy<Value = FeedChange> {
    let subject = prop_oneof![
        charge_point_id().prop_map(FeedSubject::ChargePoint),
        uuid().prop_map(|id| FeedSubject::Station(StationId(id))),
        uuid().prop_map(|id| FeedSubject::Tariff(TariffId(id))),
        uuid().prop_map(|id| FeedSubject::Issue(IssueId(id))),
    ];
    (subject, time(), kind()).prop_map(|(subject, at, kind)| FeedChange { subject, at, kind })
}

fn kind() -> impl Strategy<Value = FeedKind> {
    prop_oneof![
        connector_status().prop_map(FeedKind::ConnectorStatusChanged),
        (any::<bool>(), option::of(gateway_id()), select(&Confidence::ALL)).prop_map(
            |(online, gateway_id, confidence)| {
                FeedKind::ConnectivityChanged(ConnectivityChanged { online, gateway_id, confidence })
            }
        ),
        session().prop_map(FeedKind::SessionChanged),
        metered().prop_map(FeedKind::SessionMetered),
        settled().prop_map(FeedKind::SessionSettled),
        command().prop_map(FeedKind::CommandChanged),
        (uuid(), action(), any::<i64>()).prop_map(|(id, action, version)| {
            FeedKind::StationChanged(StationChanged { station_id: StationId(id), action, version })
        }),
        (uuid(), uuid(), charge_point_id(), action(), any::<i64>()).prop_map(
            |(pile, station, charge_point_id, action, version)| FeedKind::PileChanged(PileChanged {
                pile_id: PileId(pile),
                station_id: StationId(station),
                charge_point_id,
                action,
                version,
            })
        ),
        tariff().prop_map(FeedKind::TariffChanged),
        binding().prop_map(FeedKind::TariffBindingChanged),
        issue().prop_map(FeedKind::IssueOpened),
        issue().prop_map(FeedKind::IssueChanged),
        issue().prop_map(FeedKind::IssueClosed),
    ]
}

fn tariff() -> impl Strategy<Value = TariffChanged> {
    let prices =
        (any::<u32>(), time()).prop_map(|(number, effective_from)| PricesChanged { number, effective_from });
    (uuid(), select(TariffAction::ALL.to_vec()), any::<i64>(), option::of(prices)).prop_map(
        |(id, action, version, prices)| TariffChanged { tariff_id: TariffId(id), action, version, prices },
    )
}

fn binding() -> impl Strategy<Value = TariffBindingChanged> {
    let action = select(BindingAction::ALL.to_vec());
    (uuid(), action, uuid(), subject(), time(), option::of(time())).prop_map(
        |(id, action, tariff, subject, effective_from, effective_until)| TariffBindingChanged {
            binding_id: BindingId(id),
            action,
            tariff_id: TariffId(tariff),
            subject,
            effective_from,
            effective_until,
        },
    )
}

fn subject() -> impl Strategy<Value = Subject> {
    let operator = "[A-Za-z0-9:]{1,20}".prop_map(|raw| Label::parse(&raw).unwrap());
    prop_oneof![
        Just(Subject::Platform),
        operator.prop_map(|operator_id| Subject::Operator { operator_id }),
        uuid().prop_map(|id| Subject::Station { station_id: StationId(id) }),
        uuid().prop_map(|id| Subject::Pile { pile_id: PileId(id) }),
        (uuid(), connector_id())
            .prop_map(|(id, connector_id)| Subject::Connector { pile_id: PileId(id), connector_id }),
    ]
}

fn connector_status() -> impl Strategy<Value = ConnectorStatusChanged> {
    let status = || select(ConnectorStatus::ALL.to_vec());
    let codes = (option::of(text()), option::of(text()));
    (connector_id(), status(), option::of(status()), codes, option::of(time())).prop_map(
        |(connector_id, status, previous_status, (error_code, vendor_error_code), claimed_at)| {
            ConnectorStatusChanged {
                connector_id,
                status,
                previous_status,
                error_code,
                vendor_error_code,
                claimed_at,
            }
        },
    )
}

fn money() -> impl Strategy<Value = Money> {
    (0..1_000_000_i64, select(["CNY", "JPY", "KWD"].as_slice())).prop_map(|(minor, currency)| {
        Money::rounded(minor.to_string().parse().unwrap(), Currency::parse(currency).unwrap())
    })
}

fn metered() -> impl Strategy<Value = SessionMetered> {
    let live = (option::of(amount(0)), option::of(amount(0)), option::of(amount(0)));
    let cost = (option::of(money()), option::of(select(UnpricedCode::ALL.to_vec())));
    (session(), time(), live, cost).prop_map(
        |(session, read_at, (energy_wh, power_w, soc_percent), (total, unpriced))| SessionMetered {
            session,
            meter: SessionMeter { read_at, energy_wh, power_w, soc_percent, total, unpriced },
        },
    )
}

fn settled() -> impl Strategy<Value = SessionSettled> {
    let amounts =
        (option::of(amount(0)), option::of(money()), option::of(select(UnpricedCode::ALL.to_vec())));
    let names = (1..u32::MAX, option::of(any::<u32>()), time(), "[0-9a-f]{64}");
    (session(), names, amounts).prop_map(
        |(session, (number, replaces, issued_at, digest), (energy_wh, total, unpriced))| SessionSettled {
            session,
            receipt: ReceiptIssued { number, replaces, issued_at, digest, energy_wh, total, unpriced },
        },
    )
}

fn session() -> impl Strategy<Value = SessionChanged> {
    let id_tag = "[A-Za-z0-9]{1,20}".prop_map(|raw| IdTag::parse(&raw).unwrap());
    let command_id = option::of(uuid().prop_map(CommandId));
    let names = (option::of(transaction_id()), option::of(id_tag), option::of(any::<i64>()), command_id);
    let begun = (time(), option::of(amount(0)), select(StartedBy::ALL.to_vec()));
    let ended = (option::of(time()), option::of(text()), option::of(amount(0)));
    let place = (uuid(), uuid(), option::of(text())).prop_map(|(pile, station, operator)| Placement {
        pile_id: PileId(pile),
        station_id: StationId(station),
        operator_id: operator.map(|operator| Label::parse(&operator).unwrap()),
    });
    let which = (connector_id(), option::of(place));
    (uuid(), select(SessionPhase::ALL.to_vec()), which, names, begun, ended).prop_map(
        |(id, phase, (connector_id, place), names, (started_at, meter_start_wh, started_by), ended)| {
            let (transaction_id, id_tag, reservation_id, command_id) = names;
            let (ended_at, end_reason, meter_stop_wh) = ended;
            SessionChanged {
                session_id: SessionId(id),
                phase,
                place,
                connector_id,
                transaction_id,
                id_tag,
                reservation_id,
                command_id,
                started_at,
                started_by,
                meter_start_wh,
                ended_at,
                end_reason,
                meter_stop_wh,
            }
        },
    )
}

fn command() -> impl Strategy<Value = CommandChanged> {
    let route = option::of(select(RouteSource::ALL.to_vec()));
    let issued = (uuid(), uuid(), text(), (gateway_id(), route, option::of(text())), time(), time());
    let answer = (time(), text(), option::of(text())).prop_map(|(at, status, reason)| CommandAnswered {
        at,
        status,
        reason,
    });
    let kinds = EffectKind::ALL.into_iter().filter(|kind| *kind != EffectKind::Status).collect::<Vec<_>>();
    let effect = (time(), select(kinds)).prop_map(|(at, kind)| CommandTookEffect { at, kind });
    let reached = (time(), select(ConnectorStatus::ALL.to_vec()))
        .prop_map(|(at, status)| CommandReachedStatus { at, status });
    let effect = prop_oneof![
        Just((None, None)),
        effect.prop_map(|effect| (Some(effect), None)),
        reached.prop_map(|reached| (None, Some(reached))),
    ];
    let became = (option::of(answer), effect, option::of(uuid().prop_map(SessionId)));
    let failure = option::of((text(), text()));
    (issued, select(CommandState::ALL.to_vec()), became, failure).prop_map(
        |(
            (id, pile, name, (gateway_id, route, issued_by), issued_at, expires_at),
            state,
            became,
            failure,
        )| {
            let (answer, (effect, status_effect), session_id) = became;
            let (failure_code, failure) = failure.unzip();
            CommandChanged {
                command_id: CommandId(id),
                pile_id: PileId(pile),
                name,
                state,
                gateway_id,
                route,
                issued_by: issued_by.and_then(|subject| Actor::parse(&subject).ok()),
                issued_at,
                expires_at,
                answer,
                effect,
                status_effect,
                session_id,
                failure_code,
                failure,
            }
        },
    )
}

fn action() -> impl Strategy<Value = AssetAction> {
    select(AssetAction::ALL.to_vec())
}
