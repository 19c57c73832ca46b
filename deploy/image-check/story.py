"""The story of a charge, through the public APIs of services that run from images."""

from datetime import UTC, datetime

PRICES = {
    "timeZone": "Asia/Shanghai",
    "schedules": [{"bands": [
        {"from": "23:00", "to": "07:00", "kind": "valley", "electricityPrice": "0.3158", "serviceFee": "0.80"},
        {"from": "07:00", "to": "23:00", "kind": "flat", "electricityPrice": "0.7055", "serviceFee": "0.80"},
    ]}],
}  # fmt: skip
START = {"idTag": "RFID123", "connectorId": 1}


class Story:
    """A station with one pile, whose device a simulated gateway has."""

    def __init__(self, assets, commands, device):
        self.assets, self.commands, self.device = assets, commands, device
        self.station = assets.made("POST", "/api/v1/stations", {"name": "人民广场站", "latitude": 31.23, "longitude": 121.47})["id"]
        details = {"chargePointId": device, "name": "1号桩", "model": "SimCharge 60", "ratedPowerKw": 60, "currentType": "DC"}
        self.piles = f"/api/v1/stations/{self.station}/piles"
        self.pile = "/api/v1/piles/" + assets.made("POST", self.piles, details)["id"]
        refused = assets.made("POST", self.piles, details, status=409)
        assert refused["code"] == "CHARGE_POINT_ID_CONFLICT"

    def command(self, name, body, status=202):
        """Sends a command to the device."""
        return self.commands.made("POST", f"{self.pile}/commands/{name}", body, status)

    def until(self, expected):
        """Waits for a state of the pile."""
        return self.assets.until(self.pile, expected)

    def comes_online(self, since=datetime.min.replace(tzinfo=UTC)):
        """A heartbeat that the device sent after `since` has reached the platform: its gateway has connected it, and so listens."""
        self.until(lambda pile: pile["status"] == "Available" and (sent := pile["lastHeartbeatAt"]) and datetime.fromisoformat(sent) > since)

    def is_priced(self):
        """The operator publishes a tariff for the station."""
        details = {"name": "分时电价", "currency": "CNY", "status": "Active"}
        tariff = self.assets.made("POST", "/api/v1/tariffs", details)["id"]
        self.assets.made("PUT", f"/api/v1/tariffs/{tariff}/draft", PRICES, 200)
        self.assets.made("POST", f"/api/v1/tariffs/{tariff}/draft/publish", {}, 200)
        binding = {"subject": {"level": "station", "stationId": self.station}, "tariffId": tariff}
        self.assets.made("POST", "/api/v1/tariffs/bindings", binding)
        price = self.assets.get(f"/api/v1/tariffs/price?pileId={self.pile.rpartition('/')[2]}&connectorId=1")
        assert price.status == 200 and price.body["considered"][0]["outcome"] == "applies"

    def starts(self):
        """A command starts a charge, whose energy grows; a second start is refused."""
        command = self.command("start-transaction", START)["commandId"]
        self.commands.until(f"/api/v1/commands/{command}", lambda it: it["status"] == "confirmed")
        self.charges_on()
        assert self.command("start-transaction", START, status=409)["code"] == "CONNECTOR_NOT_AVAILABLE"

    def charges_on(self):
        """The pile charges, and its energy grows from now on."""
        before = energy_of(self.until(lambda pile: status_of(pile) == "Charging" and energy_of(pile)))
        self.until(lambda pile: status_of(pile) == "Charging" and (energy_of(pile) or 0) > before)

    def stops(self):
        """A command stops the charge."""
        self.command("stop-transaction", {"connectorId": 1})
        self.until(lambda pile: status_of(pile) == "Available")

    def has_a_cost(self):
        """The session has ended, with its energy and its cost."""
        (session, *_) = self.assets.until(f"{self.pile}/sessions", lambda found: found["items"])["items"]
        path = f"/api/v1/sessions/{session['id']}"
        self.assets.until(path, lambda session: session.get("endedAt"))
        quote = self.assets.get(f"{path}/quote")
        assert quote.status == 200, quote
        assert quote.body["energyWh"] > 0 and float(quote.body["totals"]["total"]["amount"]) >= 0, quote.body

    def is_refused_offline(self):
        """Once the gateway has reported that its device is gone, a start is refused."""
        self.until(lambda pile: pile["status"] == "Offline")
        assert self.command("start-transaction", START, status=409)["code"] == "PILE_OFFLINE"

    def resets(self):
        """The device reboots."""
        before = self.until(lambda pile: pile["status"] == "Available")["lastHeartbeatAt"]
        self.command("reset", {"type": "Soft"})
        self.until(lambda pile: pile["status"] == "Available" and pile["lastHeartbeatAt"] > before)


def status_of(pile):
    """The status of the first connector."""
    return pile["connectors"][0]["status"]


def energy_of(pile):
    """The energy of the session at the first connector, in Wh."""
    return pile["connectors"][0].get("energyWh")
