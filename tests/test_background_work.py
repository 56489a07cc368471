"""Background work with Redis: a Celery worker of its own runs what another process sends."""

from testing import services
from testing.servers import StartDaphne, StartWorker

SEND_AND_WAIT = """
import datetime, time
from django.contrib.sessions.models import Session
from django.utils import timezone
from businesses.tasks import clear_sessions

yesterday = timezone.now() - datetime.timedelta(days=1)
Session.objects.create(session_key="old", session_data="", expire_date=yesterday)
clear_sessions.delay()
give_up_at = time.monotonic() + 30
while Session.objects.exists() and time.monotonic() < give_up_at:
    time.sleep(0.1)
print("left:", Session.objects.count())
"""


def test_a_worker_process_runs_what_another_process_sends(daphne: StartDaphne, celery_worker: StartWorker) -> None:
    with services.redis() as redis_url:
        server = daphne(REDIS_URL=redis_url)
        worker = celery_worker(server)
        assert server.manage("shell", "--no-imports", "-c", SEND_AND_WAIT) == "left: 0\n", worker.log
