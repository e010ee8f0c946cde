"""Queues that are not SQS's, each behind the same few calls (mailbox.py); the scheme of a URL says which."""
