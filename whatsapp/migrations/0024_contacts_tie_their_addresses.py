"""A contact with a number and a user id says that both are one person's. Repeatable: what is tied is left alone."""

import uuid

from django.db import migrations
from django.utils import timezone

from whatsapp.people.number_forms import canonical

BATCH = 1_000


def forwards(apps, schema_editor):
    def rows(name):
        return apps.get_model("whatsapp", name)._base_manager.using(schema_editor.connection.alias)

    now = timezone.now()
    ties, addresses = apps.get_model("whatsapp", "AddressTie"), apps.get_model("whatsapp", "PersonAddress")
    done = set(rows("PersonAddress").values_list("business_id", "address"))
    new_ties, new_addresses = [], []
    both = rows("Contact").filter(phone__isnull=False, bsuid__isnull=False).order_by("created_at", "pk")
    for business, phone, bsuid in both.values_list("business_id", "phone", "bsuid").iterator():
        pair = sorted([canonical(phone), bsuid])
        if any((business, address) in done for address in pair):
            continue  # two contacts with two forms of one number: they are merged when something is heard of them
        done |= {(business, address) for address in pair}
        person = uuid.uuid4()
        new_ties.append(ties(business_id=business, one=pair[0], other=pair[1], source="contact", at=now))
        new_addresses += [
            addresses(business_id=business, address=address, person=person, since=now) for address in pair
        ]
    rows("AddressTie").bulk_create(new_ties, batch_size=BATCH)
    rows("PersonAddress").bulk_create(new_addresses, batch_size=BATCH)


class Migration(migrations.Migration):
    dependencies = [("whatsapp", "0023_identity")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
