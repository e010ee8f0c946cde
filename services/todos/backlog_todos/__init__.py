"""The domain of Backlog: todos and their calendars. It knows no Flask and no Celery."""
