"""A business with WhatsApp numbers, each with a running broadcast, in DATABASE_URL: for benchmarks and for trying.

python -m testing.make_broadcasts 1000 --mps 80         prints their ids as JSON
"""

from __future__ import annotations

import argparse
import json

import django

django.setup()

from businesses.models import Business  # noqa: E402
from businesses.tenancy import acting_for  # noqa: E402
from testing.broadcasts import addresses, make_broadcast, make_sender, make_template  # noqa: E402


def main() -> None:
    """Create the business and its broadcasts, which share the people."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=int)
    parser.add_argument("--mps", type=float, default=None, help="the most that the owner allows each number")
    parser.add_argument("--numbers", type=int, default=1)
    parser.add_argument("--throughput", type=float, default=1_250.0, help="messages/s that WhatsApp allows a number")
    given = parser.parse_args()
    business = Business.objects.create(name="Acme", slug="acme")
    share = given.people // given.numbers
    with acting_for(business):
        numbers = [
            make_sender(business, number_id=str(1055 + index), max_mps=given.mps, throughput_mps=given.throughput)
            for index in range(given.numbers)
        ]
        template = make_template(numbers[0])
        broadcasts = [
            make_broadcast(number, template, addresses(share, start=index * share))
            for index, number in enumerate(numbers)
        ]
    print(json.dumps({"business": str(business.pk), "broadcasts": [str(each.pk) for each in broadcasts]}))


if __name__ == "__main__":
    main()
