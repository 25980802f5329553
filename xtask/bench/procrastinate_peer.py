"""procrastinate as its documentation tunes it: many jobs beside each other in one asynchronous worker, LISTEN/NOTIFY on.

prepare URL | enqueue URL COUNT BATCH BESIDE FIRST | work URL SINK BESIDE | click URL COUNT GAP_MS | left URL
Each prints one line of JSON; `work` prints it when it is ready and works until SIGTERM.
"""

import asyncio
import json
import sys
import time

import aiohttp
import procrastinate

# About what an obligation's row has in JSON.
FILL = "x" * 700


def app_of(url: str) -> procrastinate.App:
    return procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, min_size=4, max_size=34))


def say(value: dict) -> None:
    print(json.dumps(value), flush=True)


async def work(app: procrastinate.App, sink: str, beside: int) -> None:
    connector = aiohttp.TCPConnector(limit=beside)
    async with aiohttp.ClientSession(connector=connector) as session:

        @app.task(name="obligation")
        async def obligation(key: str, fill: str) -> None:
            async with session.post(f"{sink}/job/{key}", json={"key": key, "fill": fill}) as answer:
                await answer.read()
                answer.raise_for_status()

        say({"ready": True})
        await app.run_worker_async(concurrency=beside, listen_notify=True)


async def enqueue(obligation, count: int, batch: int, beside: int, start: int) -> None:
    following = iter(range(start, start + count, batch))

    async def lane() -> None:
        for first in following:
            keys = range(first, min(start + count, first + batch))
            if batch == 1:
                await obligation.defer_async(key=str(first), fill=FILL)
            else:
                await obligation.batch_defer_async(*({"key": str(key), "fill": FILL} for key in keys))

    began = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(beside)))
    say({"seconds": time.perf_counter() - began})


async def click(obligation, count: int, gap_ms: int) -> None:
    urgent = lambda: obligation.configure(priority=10)  # noqa: E731
    await urgent().defer_async(key="warm", fill=FILL)
    sent = []
    for n in range(count):
        await asyncio.sleep(gap_ms / 1000)
        sent.append(time.time_ns() // 1000)
        await urgent().defer_async(key=f"click-{n}", fill=FILL)
    say({"sent_us": sent})


async def main() -> None:
    command, url, *rest = sys.argv[1:]
    app = app_of(url)
    async with app.open_async():
        if command == "prepare":
            await app.schema_manager.apply_schema_async()
            say({})
            return
        if command == "work":
            await work(app, rest[0], int(rest[1]))
            return
        if command == "left":
            found = await app.connector.execute_query_one_async(
                "SELECT count(*) AS n FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
            )
            say({"left": found["n"]})
            return

        @app.task(name="obligation")
        async def obligation(key: str, fill: str) -> None:
            raise NotImplementedError("only enqueued here")

        if command == "enqueue":
            await enqueue(obligation, *(int(word) for word in rest))
        elif command == "click":
            await click(obligation, *(int(word) for word in rest))


asyncio.run(main())
