"""Does with code that ariadne-codegen generated what ../README.md asks of a client."""

import asyncio
import json
import os
from collections.abc import Awaitable

from generated import (
    AddPinInput,
    Client,
    ErrorParts,
    GraphQLClientGraphQLMultiError,
    NameMatch,
    PinEventKind,
    PinFilter,
    PinParts,
    PinStatus,
    ReadPin,
    RemovePinInput,
    ReplacePinInput,
)

META = {"client": "python"}


async def main() -> None:
    async with Client(url=os.environ["PINQL_URL"], ws_url=os.environ["PINQL_WS_URL"]) as client:
        one = await add(client, cid="bafkqab3bnrrhk3jage", name="album 1", meta=META)
        two = await add(client, cid="bafkqab3bnrrhk3jagi", name="album 2", meta=META)
        three = await add(client, cid="bafkqab3bnrrhk3jagm", name="album 3", meta=META)
        other = await add(client, cid="bafkqablporugk4q", name="other")

        pages = await list_pages(client, "album")
        read = changed((await client.read_pin(id=one.id)).pin)
        replaced = await replace(client, id=two.id, cid="bafkqadlbnrrhk3jagiqgcz3bnfxa")
        renamed = await replace(client, id=three.id, name="album three")
        removed = (await client.remove_pin(RemovePinInput(id=other.id))).remove_pin

        refused = (await client.add_pin(AddPinInput(cid="no cid"))).add_pin.error
        missing = await failure(client.read_pin(id=other.id))
        unknown: list[str] = []
        if os.environ["PINQL_TODAY"] == "0":
            over_quota = AddPinInput(cid="bafkqablporugk4q", name="over quota")
            error = (await client.add_pin(over_quota)).add_pin.error
            unknown.append(reaction(error.code if error else ""))
            unknown.append(reaction((await failure(client.read_pin(request_id="over-quota")))["code"]))

        followed = await add(client, cid="bafkqacdgn5wgy33xmvsa", name="followed")
        kinds = [PinEventKind.SNAPSHOT, PinEventKind.STATUS_CHANGED]
        facts = {
            "client": "python",
            "pages": pages,
            "read": read.name,
            "replaced": {"name": replaced.name, "meta": replaced.meta, "cid": replaced.cid},
            "renamed": {
                "name": renamed.name,
                "cidKept": renamed.cid == three.cid,
                "metaKept": renamed.meta == META,
            },
            "removed": removed.error is None and removed.pin_id == other.id,
            "errors": [
                f"{refused.code}:{refused.argument}" if refused else "",
                f"{missing['code']}:{missing['service']}",
            ],
            "unknown": unknown,
            "followed": [await follow(client, followed.id), await follow(client, followed.id, kinds)],
        }
        print(json.dumps(facts))


async def add(client: Client, **parts: object) -> PinParts:
    answer = (await client.add_pin(AddPinInput.model_validate(parts))).add_pin
    return changed(answer.pin, answer.error)


async def replace(client: Client, **parts: object) -> PinParts:
    answer = (await client.replace_pin(ReplacePinInput.model_validate(parts))).replace_pin
    return changed(answer.pin, answer.error)


def changed(pin: PinParts | None, error: ErrorParts | None = None) -> PinParts:
    if pin is None:
        raise RuntimeError(f"{error.code}: {error.message}" if error else "No pin")
    return pin


async def list_pages(client: Client, name: str) -> list[list[str | None]]:
    pages = []
    after = None
    while True:
        wanted = PinFilter(name=name, match=NameMatch.PARTIAL)
        page = (await client.list_pins(filter_=wanted, first=2, after=after)).pins
        pages.append([pin.name for pin in page.nodes])
        if not page.page_info.has_next_page:
            return pages
        after = page.page_info.end_cursor


async def follow(client: Client, id: str, kinds: list[PinEventKind] | None = None) -> PinStatus | None:
    """Reads events until the server ends the subscription, since the pin is settled."""
    status = None
    async for event in client.follow_pins(ids=[id], kinds=kinds):
        if pin := event.pin_status_changed.pin:
            status = pin.status
    return status


async def watch(id: str) -> None:
    """Prints each status of a pin until the subscription ends. Raises when the connection is lost."""
    async with Client(url=os.environ["PINQL_URL"], ws_url=os.environ["PINQL_WS_URL"]) as client:
        async for event in client.follow_pins(ids=[id]):
            if pin := event.pin_status_changed.pin:
                print(pin.status.value, flush=True)


async def failure(read: Awaitable[ReadPin]) -> dict[str, str]:
    """The extensions of the first error of a read that must fail."""
    try:
        await read
    except GraphQLClientGraphQLMultiError as trouble:
        return {key: str(value) for key, value in (trouble.errors[0].extensions or {}).items()}
    raise RuntimeError("Expected the read to fail")


def reaction(code: str) -> str:
    """Returns the program's response to an error code. Unknown codes take the last branch."""
    if code in ("RATE_LIMITED", "SERVICE_UNAVAILABLE"):
        return f"{code}->RETRY"
    if code in ("BAD_REQUEST", "PIN_NOT_FOUND"):
        return f"{code}->GIVE UP"
    return f"{code}->OTHER"


watched = os.environ.get("PINQL_WATCH")
asyncio.run(watch(watched) if watched else main())
