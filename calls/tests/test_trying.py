"""Other settings on a recorded call: what would have been, from where the call really stood."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.pure
