"""Calendars of lists: what is to be built, built of what changed, and published for everybody to read."""
