"""Background work of the installation, and the base of tasks that work for one business."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.core.management import call_command

from businesses.models import Business
from businesses.tenancy import acting_for

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    _Task = DjangoTask[..., Any]  # generic for the type checker only
else:
    _Task = DjangoTask


class BusinessTask(_Task):
    """A task that is given `business_id=` and runs as that business: `@shared_task(base=BusinessTask)`.

    Of a business that has been deleted meanwhile nothing is left to do, so the task is skipped.
    """

    abstract = True

    def __call__(self, *args: Any, business_id: str, **kwargs: Any) -> Any:
        """Run the task with its business as the business of the moment."""
        business = Business.objects.filter(pk=business_id).first()
        if business is None:
            logger.info("Skipped %s: business %s is gone", self.name, business_id)
            return None
        with acting_for(business):
            return super().__call__(*args, business_id=business_id, **kwargs)


@shared_task
def clear_sessions() -> None:
    """Delete expired sign-ins."""
    call_command("clearsessions")
