"""python -m testing.demo_data      fills the demo business in DATABASE_URL, and prints the rows to look at."""

import json

import django

django.setup()

from testing.demo_data.seed import seed  # noqa: E402

if __name__ == "__main__":
    print(json.dumps(seed()))
