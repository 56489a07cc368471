#!/usr/bin/env python
"""Django's command line for this installation."""

import os
import sys

STOPPED_BY_CTRL_C = 130  # as shells have it: 128 and the signal's number


def main() -> None:
    """Run one management command. Ctrl-C ends any of them, at whatever moment it comes, without a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "frontdesk.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line

        try:
            execute_from_command_line(sys.argv)
        except ImproperlyConfigured as refusal:
            if sys.argv[1:2] != ["doctor"]:
                raise
            from frontdesk.doctor import refused

            sys.exit(refused.report(str(refusal), as_json="--json" in sys.argv))
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        sys.exit(STOPPED_BY_CTRL_C)


if __name__ == "__main__":
    main()
