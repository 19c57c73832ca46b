import assert from "node:assert/strict";
import { test } from "node:test";
import { asQuery, read } from "./filter.ts";

const asked = (text: string) => asQuery(read(new URLSearchParams(text)));

test("every filter of the address becomes a parameter of the API", () => {
  assert.deepEqual(
    asked("state=open&severity=critical&cause=offline&acknowledged=false&muted=true&assignee=ann&device=CP-1&station=1&pile=2&gateway=gw-1&operator=op-7"),
    {
      state: "open", severity: "critical", cause: "offline", acknowledged: false, muted: true, assignee: "ann", chargePointId: "CP-1",
      stationId: "1", pileId: "2", gatewayId: "gw-1", operatorId: "op-7",
    },
  );
});

test("unknown words and blanks do not filter", () => {
  assert.deepEqual(asked("state=lost&severity=huge&cause=rain&acknowledged=perhaps&muted=&assignee=%20"), {});
});
