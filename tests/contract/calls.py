"""Uses the generated clients: registers a station and a pile, prices them, reads them, and commands a device."""

import sys
from uuid import UUID

from asset_api import AuthenticatedClient
from asset_api.api.piles import create_pile, get_pile
from asset_api.api.prices import get_price
from asset_api.api.stations import create_station, get_station, list_stations
from asset_api.api.tariffs import bind_tariff, create_tariff, publish_tariff_draft, put_tariff_draft
from asset_api.models import (
    Band,
    BandKind,
    Binding,
    Currency,
    NewBinding,
    Pile,
    PileDetails,
    PriceAt,
    PriceList,
    Problem,
    Publish,
    Schedule,
    StartableStatusesItem,
    Station,
    StationDetails,
    StationPage,
    StationSubject,
    Tariff,
    TariffDetails,
    TariffStatus,
    TariffVersion,
)
from command_dispatcher import AuthenticatedClient as CommandClient
from command_dispatcher.api.commands import get_command, reset_pile
from command_dispatcher.models import AcceptedCommand, Command, Reset, ResetKind


def price(client: AuthenticatedClient, station: Station) -> None:
    """Prices the station for the whole day, and reads the price of a kWh."""
    details = TariffDetails(name="flat", currency=Currency.CNY, status=TariffStatus.ACTIVE)
    tariff = create_tariff.sync(client=client, body=details)
    assert isinstance(tariff, Tariff), tariff
    band = Band(from_="00:00", to="24:00", kind=BandKind.FLAT, electricity_price="0.7055", service_fee="0.80")
    price_list = PriceList(time_zone="Asia/Shanghai", schedules=[Schedule(bands=[band])])
    draft = put_tariff_draft.sync(tariff_id=tariff.id, client=client, body=price_list)
    assert not isinstance(draft, Problem) and draft is not None, draft
    version = publish_tariff_draft.sync(tariff_id=tariff.id, client=client, body=Publish())
    assert isinstance(version, TariffVersion), version
    subject = StationSubject(level="station", station_id=station.id)
    binding = bind_tariff.sync(client=client, body=NewBinding(subject=subject, tariff_id=tariff.id))
    assert isinstance(binding, Binding), binding
    price = get_price.sync(client=client, station_id=station.id)
    assert isinstance(price, PriceAt) and price.price_per_kwh == "1.5055", price


def main(assets: str, commands: str, token: str, known_pile: str) -> None:
    with AuthenticatedClient(base_url=assets, token=token) as client:
        startable = [StartableStatusesItem.AVAILABLE, StartableStatusesItem.PREPARING]
        details = StationDetails(name="人民广场站", latitude=31.2304, longitude=121.4737, startable_statuses=startable)
        station = create_station.sync(client=client, body=details)
        assert isinstance(station, Station) and station.startable_statuses == startable, station
        pile = create_pile.sync(
            station_id=station.id,
            client=client,
            body=PileDetails(charge_point_id="CLIENT-1", model="DC-120", rated_power_kw=120.0),
        )
        assert isinstance(pile, Pile), pile
        assert (pile.station_id, pile.confidence, pile.status) == (station.id, "unknown", "Unknown"), pile
        assert pile.current_type is None, pile
        found = get_pile.sync(pile_id=pile.id, client=client)
        assert isinstance(found, Pile) and found.charge_point_id == "CLIENT-1", found
        page = list_stations.sync(client=client, near="31.23,121.47", radius_m=5000.0, limit=10)
        assert isinstance(page, StationPage) and station.id in [near.id for near in page.items], page
        problem = get_station.sync(station_id=pile.id, client=client)
        assert isinstance(problem, Problem) and problem.code == "STATION_NOT_FOUND", problem
        price(client, station)
    with CommandClient(base_url=commands, token=token) as commander:
        accepted = reset_pile.sync(pile_id=UUID(known_pile), client=commander, body=Reset(type_=ResetKind.SOFT))
        assert isinstance(accepted, AcceptedCommand), accepted
        command = get_command.sync(command_id=accepted.command_id, client=commander)
        assert isinstance(command, Command) and command.command_name == "Reset", command


if __name__ == "__main__":
    main(*sys.argv[1:5])
