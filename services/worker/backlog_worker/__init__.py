"""The Celery door to the todos: takes jobs from the queue."""
