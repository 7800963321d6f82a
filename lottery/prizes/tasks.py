"""This part's Celery tasks."""
