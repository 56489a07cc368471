# One image for every process of an installation: web, worker, beat, migrate (docker-compose.yml starts each).

FROM python:3.13-slim AS packages
COPY requirements.txt /tmp/
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/requirements.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DEBUG=0
WORKDIR /app
RUN useradd --system --uid 10001 --home-dir /app frontdesk
COPY --from=packages /venv /venv
COPY . .
# The settings refuse to start without secrets. Collecting static files uses none of them, so any value will do here.
RUN SECRET_KEY=missing PUBLIC_URL=https://missing TWILIO_ACCOUNT_SID=missing TWILIO_AUTH_TOKEN=missing \
    OPENAI_API_KEY=missing FIELD_ENCRYPTION_KEYS=missing python manage.py collectstatic --noinput \
    && mkdir -p var/media && chown -R frontdesk var
USER frontdesk
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["daphne", "--bind", "0.0.0.0", "--port", "8000", "--verbosity", "1", "frontdesk.asgi:application"]
