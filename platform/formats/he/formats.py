"""Hebrew formats, beside Django's own: those have no grouping, so 20000 would be shown without a separator."""

NUMBER_GROUPING = 3
THOUSAND_SEPARATOR = ","
