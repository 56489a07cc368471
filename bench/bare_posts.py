"""Posts messages to the stand-in for Meta by the sender's HTTP client and nothing else: the floor of sending.

python -m bench.bare_posts http://127.0.0.1:8300 10000 [--in-flight 200]    (bench_broadcasts.py starts it)
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
import uuid

import aiohttp
import django

django.setup()

from testing.broadcasts import TOKEN  # noqa: E402
from whatsapp.providers.posting import open_session  # noqa: E402

TIMEOUT_S = 30.0


async def post_all(address: str, posts: int, in_flight: int) -> int:
    """Post so many messages, a few at a time. Returns how many were accepted."""
    left = iter(range(posts))
    url, headers = f"{address}/v25.0/1055/messages", {"Authorization": f"Bearer {TOKEN}"}
    accepted = 0

    async def work(http: aiohttp.ClientSession) -> None:
        nonlocal accepted
        for index in left:
            body = json.dumps(message(f"+9725{index:08d}"), separators=(",", ":")).encode()
            async with http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                accepted += bool(json.loads(await answer.read())["messages"][0]["id"])

    async with open_session(connections=in_flight, timeout_s=TIMEOUT_S) as http:
        await asyncio.gather(*(work(http) for _ in range(in_flight)))
    return accepted


def message(address: str) -> dict[str, object]:
    """Returns a message as a broadcast of `testing.make_broadcasts` has it."""
    filled = [{"type": "body", "parameters": [{"type": "text", "parameter_name": "first_name", "text": "Dana"}]}]
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": address,
        "type": "template",
        "biz_opaque_callback_data": str(uuid.uuid4()),
        "template": {"name": "spring_sale", "language": {"code": "en_US"}, "components": filled},
    }


def main() -> None:
    """Post, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("posts", type=int)
    parser.add_argument("--in-flight", type=int, default=200)
    given = parser.parse_args()
    started, used = time.monotonic(), time.process_time()
    accepted = asyncio.run(post_all(given.address, given.posts, given.in_flight))
    seconds, cpu_s = time.monotonic() - started, time.process_time() - used
    if accepted != given.posts:
        raise SystemExit(f"{given.posts - accepted} posts were refused")
    print(json.dumps({"posts_per_s": round(accepted / seconds), "cpu_s_per_1000": round(cpu_s / accepted * 1000, 3)}))


if __name__ == "__main__":
    main()
