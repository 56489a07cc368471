"""Counts the cost of messages that were sent before costs were counted: the price that was estimated for each.

Repeatable: a row that is counted is left alone, and the sums are added up anew from the rows.
"""

from collections import defaultdict
from zoneinfo import ZoneInfo

from django.db import migrations
from django.db.models import F, IntegerField, Sum
from django.db.models.functions import Cast, TruncMonth

COSTING = ("sending", "unknown", "assumed_sent", "accepted", "held", "sent", "delivered", "read")


def forwards(apps, schema_editor):
    def rows(name):
        return apps.get_model("whatsapp", name)._base_manager.using(schema_editor.connection.alias)

    for broadcast in rows("Broadcast").select_related("business").order_by("pk").iterator():
        people = rows("Recipient").filter(broadcast=broadcast, status__in=COSTING)
        due = people.filter(cost_micros=0, cost_estimate__gt=0).exclude(billable=False)
        if not due.update(cost_micros=Cast(F("cost_estimate") * 1_000_000, IntegerField())):
            continue
        total = people.aggregate(micros=Sum("cost_micros"))["micros"] or 0
        rows("BroadcastSpending").update_or_create(
            broadcast=broadcast, defaults={"business_id": broadcast.business_id, "micros": total}
        )
    by_month = defaultdict(int)
    for business in apps.get_model("businesses", "Business")._base_manager.order_by("pk").iterator():
        counted = rows("Recipient").filter(business=business, cost_micros__gt=0, accepted_at__isnull=False)
        zone = ZoneInfo(business.time_zone)
        for month, micros in (
            counted.order_by()
            .annotate(month=TruncMonth("accepted_at", tzinfo=zone))
            .values_list("month")
            .annotate(micros=Sum("cost_micros"))
        ):
            by_month[business.pk, month.date()] = micros
    for (business, month), micros in by_month.items():
        rows("MonthSpending").update_or_create(business_id=business, month=month, defaults={"micros": micros})


class Migration(migrations.Migration):

    dependencies = [
        ("whatsapp", "0029_costs_and_budgets"),
    ]

    operations = [
        migrations.RunPython(forwards, migrations.RunPython.noop, elidable=True),
    ]
