"""A business with a WhatsApp number and a running broadcast in DATABASE_URL, for benchmarks and for trying.

python -m testing.make_broadcasts 1000 --mps 80         prints its ids as JSON
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
    """Create the business and the broadcast."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=int)
    parser.add_argument("--mps", type=float, default=None)
    given = parser.parse_args()
    business = Business.objects.create(name="Acme", slug="acme")
    with acting_for(business):
        sender = make_sender(business, max_mps=given.mps)
        broadcast = make_broadcast(sender, make_template(sender), addresses(given.people))
    print(json.dumps({"business": str(business.pk), "broadcast": str(broadcast.pk)}))


if __name__ == "__main__":
    main()
