"""The plain way, that ours is measured against: what a course on Flask and Celery ends with.

Flask with Flask-SQLAlchemy; each change is a job of its own, and each job renders the whole calendar with icalendar.
"""
