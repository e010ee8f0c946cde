"""Gunicorn's settings (`gunicorn --config python:backlog_api.gunicorn_config`)."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '6400')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# A new task may take the port while the old one still finishes its requests.
reuse_port = True
# Seconds. A request may take that long; a stop waits that long for the requests at work.
timeout = 30
graceful_timeout = int(os.environ.get("API_GRACEFUL_TIMEOUT_SECONDS", "20"))
keepalive = 75  # seconds; longer than the load balancer's 60, so that it is never the API that hangs up first
max_requests, max_requests_jitter = 20_000, 2_000
# Heartbeats to a file on disk can stall; memory does not.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112 - gunicorn's own advice
accesslog = None  # the app writes its own, with request ids
control_socket_disable = True
