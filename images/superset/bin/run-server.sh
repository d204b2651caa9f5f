#!/bin/sh
# What Superset's operator starts in a web pod, with the variables that it sets.
exec gunicorn \
  --bind="0.0.0.0:${SUPERSET_PORT:-8088}" \
  --workers="${SERVER_WORKER_AMOUNT:-1}" \
  --worker-class="${SERVER_WORKER_CLASS:-gthread}" \
  --threads="${SERVER_THREADS_AMOUNT:-20}" \
  --timeout="${GUNICORN_TIMEOUT:-60}" \
  --keep-alive="${GUNICORN_KEEPALIVE:-2}" \
  --max-requests="${WORKER_MAX_REQUESTS:-0}" \
  --max-requests-jitter="${WORKER_MAX_REQUESTS_JITTER:-0}" \
  --limit-request-line="${SERVER_LIMIT_REQUEST_LINE:-0}" \
  --limit-request-field_size="${SERVER_LIMIT_REQUEST_FIELD_SIZE:-0}" \
  --log-level="${GUNICORN_LOGLEVEL:-info}" \
  "${FLASK_APP:-superset.app:create_app()}"
