"""What beat looks for again and again: the apps register their questions here, and one query asks all of them."""
